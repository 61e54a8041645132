/** What must hold at the end, whatever broke on the way: nothing lost, nothing twice, everything over and told. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { checkAudit, sealAudit } from "../../src/store/audit.ts";
import type { Database } from "../../src/store/database.ts";
import type { Asked, Crowd } from "./crowd.ts";
import type { Fleet, Replica } from "./fleet.ts";
import type { Told } from "./words.ts";

/** What was counted while it was judged. */
export interface Judged {
  readonly runs: number;
  readonly effects: number;
  readonly messages: number;
  /** Requests that the outside refused, because it had seen their key. */
  readonly again: number;
  /** Messages that were posted a second time, by a request that came late. */
  readonly twice: number;
  readonly ends: { readonly [state: string]: number };
}

export interface Judging {
  /** How often the outside may have refused a second request with the same key; never unless told. */
  readonly again?: number;
  /** How often a message may have been posted twice; never unless told. */
  readonly twice?: number;
  /** Edits may have been under way in a line that was cut: they have "arrived" by now, or may still be "coming". */
  readonly late?: "arrived" | "coming";
  /** Milliseconds without any news that are waited for (150,000: several times the longest claim). */
  readonly patience?: number;
}

/** Lets what was asked for come to its end, ends the fleet in good order, and looks at everything. Throws with all that is wrong. */
export async function judge(fleet: Fleet, crowd: Crowd, how: Judging = {}): Promise<Judged> {
  const { patience = 150_000 } = how;
  crowd.enough();
  const [one] = fleet.live.values();
  if (one === undefined) throw new Error("nobody lives who could bring it to its end");
  await crowd.settled(patience).catch(async (error: unknown) => {
    const database = await fleet.open();
    const left = await leftOpen(database).finally(() => database.close());
    throw new Error(`it did not come to its end:\n${left.join("\n")}`, { cause: error });
  });
  await crowd.stop();
  await atRest(one, patience);
  if (how.late) await nothingLate(fleet, how.late, patience);
  const replicas = [...fleet.live.values()];
  for (const replica of replicas) replica.kill("SIGTERM");
  const wrong: string[] = [];
  for (const { ended, complained } of replicas) {
    const { code } = await ended;
    if (code !== 0) wrong.push(`a Shipmate ended with ${code}: ${complained()}`);
  }
  const told = await fleet.told();
  const database = await fleet.open();
  try {
    await allOver(database, crowd.asked, wrong);
    await effectsOnce(database, told, crowd.asked, wrong);
    await cardsTrue(database, told, wrong);
    const twice = postedTwice(told);
    if (twice.length > (how.twice ?? 0)) wrong.push(`these were posted twice: ${twice}`);
    await sealAudit(database);
    const checked = await checkAudit(database);
    if (!checked.ok) wrong.push(checked.says);
    const again = told.effects.filter((effect) => effect.again).length;
    if (again > (how.again ?? 0))
      wrong.push(`the outside was asked for the same effect ${again} times`);
    if (wrong.length > 0)
      throw new Error(`${wrong.length} are wrong:\n${wrong.slice(0, 20).join("\n")}`);
    const ends = Object.groupBy(crowd.asked, ({ end = "?" }) => end);
    return {
      ...{ runs: crowd.asked.length, effects: told.effects.length - again, again },
      twice: twice.length,
      messages: told.messages.length,
      ends: Object.fromEntries(Object.entries(ends).map(([end, all]) => [end, all?.length ?? 0])),
    };
  } finally {
    await database.close();
  }
}

/** Waits until nothing is open, unposted or unsealed, by what `/metrics` tells. */
async function atRest(one: Replica, patience: number): Promise<void> {
  const late = performance.now() + patience;
  for (;;) {
    const text = await fetch(new URL("/metrics", one.url())).then((answer) => answer.text());
    const open = [
      ...text.matchAll(
        /^(shipmate_(?:runs|inbox_open|cards_behind|audit_unsealed)(?:\{[^}]*\})?) (\d+)$/gm,
      ),
    ];
    const left = open.filter(([, , count]) => count !== "0").map(([line]) => line);
    if (open.length > 0 && left.length === 0) return;
    if (performance.now() > late) throw new Error(`it did not come to rest: ${left.join(", ")}`);
    await sleep(200);
  }
}

/** Waits until what an edit may have come late to is drawn over: until then a card may say what was before. */
async function nothingLate(
  fleet: Fleet,
  late: "arrived" | "coming",
  patience: number,
): Promise<void> {
  const database = await fleet.open();
  const left = "FROM shipmate.messages WHERE doubt_until IS NOT NULL OR wanted_rev > posted_rev";
  const limit = performance.now() + patience;
  try {
    if (late === "arrived")
      await database.run(
        "UPDATE shipmate.messages SET doubt_until = shipmate.now() WHERE doubt_until IS NOT NULL",
      );
    for (;;) {
      const [one] = await database.query(What, `SELECT id AS what ${left} LIMIT 1`);
      if (one === undefined) return;
      if (performance.now() > limit) throw new Error(`${one.what} was not drawn over`);
      await sleep(200);
    }
  } finally {
    await database.close();
  }
}

const What = z.object({ what: z.string() });

async function allOver(
  database: Database,
  asked: readonly Asked[],
  wrong: string[],
): Promise<void> {
  wrong.push(...(await leftOpen(database)));
  const Row = z.object({ title: z.string(), state: z.string() });
  const runs = await database.query(Row, "SELECT title, state FROM shipmate.runs");
  const byTitle = Map.groupBy(runs, ({ title }) => title);
  for (const { title, acked, version } of asked) {
    const mine = byTitle.get(title) ?? [];
    if (!acked) wrong.push(`nobody acknowledged ${title}`);
    if (mine.length !== 1) wrong.push(`${mine.length} runs came of ${title}`);
    const wanted = version.endsWith("-bad") ? "taken back" : "succeeded";
    if (mine[0]?.state !== wanted) wrong.push(`${title} is ${mine[0]?.state}, not ${wanted}`);
  }
  if (runs.length !== asked.length) wrong.push(`${runs.length} runs of ${asked.length} asks`);
}

/** Whatever is not over, a line each. */
async function leftOpen(database: Database): Promise<readonly string[]> {
  const left = await database.query(
    What,
    `SELECT 'run ' || number || ' is still ' || state || ', ' || COALESCE(says, '') || ': ' || COALESCE(waits::text, '')
         || ', rung ' || rung || ', wakes ' || COALESCE(wake_at::text, 'never') || ', tries ' || tries
         || ', journal: ' || (SELECT string_agg(key, ' ' ORDER BY at) FROM shipmate.journal j WHERE j.run = r.id) AS what
       FROM shipmate.runs r WHERE ended_at IS NULL
     UNION ALL SELECT 'nothing came of ' || key FROM shipmate.inbox WHERE done_at IS NULL
     UNION ALL SELECT 'a lock is left on ' || target FROM shipmate.locks
     UNION ALL SELECT 'a plan is open of ' || run FROM shipmate.plans WHERE state = 'open'
     UNION ALL SELECT 'a message is behind: ' || id FROM shipmate.messages WHERE wanted_rev > posted_rev`,
  );
  return left.map(({ what }) => what);
}

/** Each run did what it had to, once and in order, and one row of the audit tells of each. */
async function effectsOnce(
  database: Database,
  told: Told,
  asked: readonly Asked[],
  wrong: string[],
): Promise<void> {
  const did = told.effects.filter((effect) => !effect.again);
  const Row = z.object({ key: z.string(), title: z.string() });
  const rows = await database.query(
    Row,
    `SELECT a.detail->>'key' AS key, r.title FROM shipmate.audit a JOIN shipmate.runs r ON r.id = a.run
     WHERE a.did IN ('carried out', 'took back')`,
  );
  const byKey = Map.groupBy(rows, ({ key }) => key);
  for (const { key, op, target } of did) {
    const tell = byKey.get(key)?.length ?? 0;
    if (tell !== 1) wrong.push(`${tell} rows of the audit tell of ${op} on ${target}`);
  }
  const byTitle = Map.groupBy(did, ({ key }) => byKey.get(key)?.[0]?.title ?? "");
  for (const { title, version } of asked) {
    const ops = (byTitle.get(title) ?? []).map(({ op }) => op);
    const isBad = version.endsWith("-bad");
    const wanted = [...(needsMigration(version) ? ["migrate"] : []), "release"];
    const isFirst = ops.at(-1) === "remove";
    if (isBad) wanted.push(isFirst ? "remove" : "release");
    if (ops.join() !== wanted.join()) wrong.push(`${title} did ${ops}, not ${wanted}`);
  }
}

const needsMigration = (version: string) => Number(version.split(/[.-]/)[2]) % 2 === 0;

function postedTwice(told: Told): readonly string[] {
  const posts = Map.groupBy(
    told.messages.filter(({ posted }) => posted),
    ({ id }) => id,
  );
  return [...posts].flatMap(([id, all]) => (all.length > 1 ? [id] : []));
}

/** Each run's card says how it ended: the one that Shipmate knows of, where it was posted twice. */
async function cardsTrue(database: Database, told: Told, wrong: string[]): Promise<void> {
  const Row = z.object({ ref: z.string().nullable(), title: z.string(), state: z.string() });
  const roots = await database.query(
    Row,
    `SELECT m.ref, r.title, r.state FROM shipmate.messages m JOIN shipmate.runs r ON r.id = m.run WHERE m.kind = 'root'`,
  );
  const Shown = z.object({ state: z.object({ word: z.string() }) });
  const byRef = Map.groupBy(told.messages, ({ ref }) => ref);
  for (const { ref, title, state } of roots) {
    const card = Shown.safeParse(byRef.get(ref ?? "")?.at(-1)?.card);
    const word = card.data?.state.word.toLowerCase();
    if (word !== state) wrong.push(`the card of ${title} says ${word}, it is ${state}`);
  }
}
