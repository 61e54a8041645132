/**
 * Keeps out what one account says beyond so much a minute, wherever and to whichever process, and tells it so.
 *
 * Each process counts for itself, and tells the others through the database each time that it let in a tenth more: who
 * says little costs no statement, and of R processes no more than R tenths come on top. There is no limit of a channel:
 * there one account would shut out all others, and their approvals.
 */
import type { Card } from "../core/card.ts";
import type { Intent } from "../core/surface.ts";
import { type Database, softly } from "../store/database.ts";
import { finishIntent } from "../store/inbox.ts";
import { countSaid } from "../store/said.ts";
import { auditIntent, writeCard } from "./answers.ts";

export interface FloodParts {
  readonly database: Database;
  /** How much one account may say in a minute, at once or one after the other. */
  readonly most: () => number;
  /** There is an answer to post. */
  readonly posted: () => void;
  readonly clock?: () => number;
}

const minute = 60_000;

interface Account {
  /** How much it may say right now. */
  left: number;
  at: number;
  told: number;
  /** What was let in here and the other processes have not heard of. */
  own: number;
}

/** Whether the intent was kept out: it is then dealt with. */
export function keepFloodsOut(parts: FloodParts): (intent: Intent) => Promise<boolean> {
  const { database, clock = () => performance.now() } = parts;
  const accounts = new Map<string, Account>();
  const accountOf = (name: string, most: number): Account => {
    const now = clock();
    const known = accounts.get(name) ?? { left: most, at: now, told: -Infinity, own: 0 };
    known.left = Math.min(most, known.left + ((now - known.at) / minute) * most);
    known.at = now;
    accounts.delete(name);
    accounts.set(name, known);
    // Whoever said nothing for a minute may say everything again.
    for (const [other, { at }] of accounts) {
      if (now - at < minute) break;
      accounts.delete(other);
    }
    return known;
  };
  const share = async (person: string, account: Account, most: number): Promise<void> => {
    const more = account.own;
    account.own = 0;
    const said = await database.transaction(async (sql) => {
      await softly(sql);
      return countSaid(sql, person, more, minute / most);
    });
    account.left = Math.min(account.left, most - said);
  };
  return async (intent) => {
    const most = parts.most();
    if (!Number.isFinite(most)) return false;
    const person = `${intent.who.surface}:${intent.who.id}`;
    const account = accountOf(person, most);
    if (account.left >= 1) {
      account.left -= 1;
      account.own += 1;
      if (account.own >= most / 10) await share(person, account, most);
      return false;
    }
    const tells = account.at - account.told >= minute;
    if (tells) account.told = account.at;
    const card: Card = {
      title: `You say more than ${most} things a minute, so some are left out.`,
      says: "What got no answer was not done: say it again, more slowly.",
    };
    await database.transaction(async (sql) => {
      await softly(sql);
      if (tells) {
        const fresh = await writeCard(sql, intent, intent.at, card, true);
        if (fresh) await auditIntent(sql, intent, person, "said too much", { says: card.title });
      } else await finishIntent(sql, intent.at.surface, intent.key, { is: "left out" });
    });
    if (tells) parts.posted();
    return true;
  };
}
