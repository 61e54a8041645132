/**
 * Messages as they should stand in a chat. Whoever changes one bumps `wanted_rev`; the projector reconciles what is
 * posted with it, the last write winning. A run's card is its `root`, one a run and channel; notes and answers hang on it.
 */
import { z } from "zod";
import type { Card, Form } from "../core/card.ts";
import type { Place } from "../core/surface.ts";
import { behindSince, type Database, first, json, type Sql, soft } from "./database.ts";
import { doubtAfter } from "./doubt.ts";
import { budgets, counts, freeAt, keyOf, lockPaces, type Pace } from "./paces.ts";

const card = z.custom<Card>((value) => typeof value === "object" && value !== null);
const form = z.custom<Form>((value) => typeof value === "object" && value !== null);
export const Message = z.object({
  id: z.string(),
  surface: z.string(),
  channel: z.string(),
  thread: z.string().nullable(),
  to_account: z.string().nullable(),
  kind: z.string(),
  run: z.string().nullable(),
  card: card.nullable(),
  form: form.nullable(),
  wanted_rev: z.number(),
  posted_rev: z.number(),
  posted_hash: z.string().nullable(),
  ref: z.string().nullable(),
  attempts: z.number(),
  calls: z.array(z.string()).nullable(),
});
export type Message = z.output<typeof Message>;
const columns =
  "id, surface, channel, thread, to_account, kind, run, card, form, wanted_rev, posted_rev, posted_hash, ref, attempts, calls";

const Id = z.object({ id: z.string() });
const Wait = z.object({ wait: z.number().nullable() });

/**
 * A message that was claimed to be posted, for how many milliseconds it was not as it should be, and the reference of
 * the message of ours in whose thread it stands.
 */
const Behind = Message.extend({ late: z.number(), under: z.string().nullable() });
export type Behind = z.output<typeof Behind>;
const late = "greatest(0, shipmate.now() - COALESCE(behind_at, at)) AS late";

/** A run's card in a channel, to be posted. */
export async function insertRoot(
  sql: Sql,
  root: { readonly id: string; readonly run: string; readonly at: Place },
): Promise<void> {
  await sql.run(
    `INSERT INTO shipmate.messages (id, surface, channel, thread, kind, run)
     VALUES ($1, $2, $3, $4, 'root', $5) ON CONFLICT DO NOTHING`,
    [root.id, root.at.surface, root.at.channel, root.at.thread ?? null, root.run],
  );
}

/** A child's cards stand where its parent's do. */
export async function copyRoots(sql: Sql, from: string, to: string): Promise<void> {
  await sql.run(
    `INSERT INTO shipmate.messages (id, surface, channel, thread, kind, run)
     SELECT id || '.' || $2, surface, channel, thread, 'root', $2
     FROM shipmate.messages WHERE run = $1 AND kind = 'root' ON CONFLICT DO NOTHING`,
    [from, to],
  );
}

/** A line in the thread of each of a run's cards. */
export async function insertNote(sql: Sql, run: string, name: string, says: Card): Promise<void> {
  await sql.run(
    `INSERT INTO shipmate.messages (id, surface, channel, thread, kind, run, card)
     SELECT id || '.note.' || $2, surface, channel, id, 'note', $1, $3::jsonb
     FROM shipmate.messages WHERE run = $1 AND kind = 'root' ON CONFLICT DO NOTHING`,
    [run, name, json(says)],
  );
}

/** A line in the thread of a run's card that calls people, by accounts of each surface: under the first card there. */
export async function insertCall(
  sql: Sql,
  call: {
    readonly run: string;
    /** Unique in the run. */
    readonly name: string;
    readonly card: Card;
    readonly accounts: { readonly [surface: string]: readonly string[] };
    /** The card itself is news there: somebody's own chat with us needs no call beside it. */
    readonly isNew?: boolean;
  },
): Promise<void> {
  if (Object.keys(call.accounts).length === 0) return;
  await sql.run(
    `INSERT INTO shipmate.messages (id, surface, channel, thread, kind, run, card, calls)
     SELECT DISTINCT ON (surface) id || '.call.' || $2, surface, channel, id, 'note', $1, $3::jsonb, $4::jsonb -> surface
     FROM shipmate.messages WHERE run = $1 AND kind = 'root' AND ($4::jsonb -> surface) IS NOT NULL
       AND NOT ($5::boolean AND ($4::jsonb -> surface) ? channel)
     ORDER BY surface, number ON CONFLICT DO NOTHING`,
    [call.run, call.name, json(call.card), json(call.accounts), call.isNew ?? false],
  );
}

/** An answer. `thread` is one of our own messages' id, or a thread of the surface's. */
export async function insertReply(
  sql: Sql,
  reply: {
    readonly id: string;
    readonly at: Place;
    readonly card: Card;
    readonly form?: Form | undefined;
    readonly to?: string | undefined;
    /** It goes on growing. */
    readonly following?: boolean;
  },
): Promise<void> {
  await sql.run(
    `INSERT INTO shipmate.messages (id, surface, channel, thread, kind, to_account, card, form, following)
     VALUES ($1, $2, $3, $4, 'reply', $5, $6::jsonb, $7::jsonb, $8) ON CONFLICT (id) DO NOTHING`,
    [
      reply.id,
      reply.at.surface,
      reply.at.channel,
      reply.at.thread ?? null,
      reply.to ?? null,
      json(reply.card),
      reply.form ? json(reply.form) : null,
      reply.following ?? false,
    ],
  );
}

/** Whether an answer may grow on. */
export async function isFollowing(sql: Sql, id: string): Promise<boolean> {
  const row = await first(
    sql,
    z.object({ following: z.boolean() }),
    "SELECT following FROM shipmate.messages WHERE id = $1",
    [id],
  );
  return row?.following ?? false;
}

/** Lets answers of a channel grow no more: one by its id, or all of them. Gives how many that were. */
export async function unfollow(
  sql: Sql,
  at: Pick<Place, "surface" | "channel">,
  id?: string,
): Promise<number> {
  const stopped = await sql.query(
    Id,
    `UPDATE shipmate.messages SET following = false
     WHERE surface = $1 AND channel = $2 AND following AND ($3::text IS NULL OR id = $3) RETURNING id`,
    [at.surface, at.channel, id ?? null],
  );
  return stopped.length;
}

/** Another text for an answer that grows; `ends`: the last one. */
export async function changeReply(
  sql: Sql,
  id: string,
  changed: Card,
  ends = false,
): Promise<void> {
  await sql.run(
    `UPDATE shipmate.messages SET card = $2::jsonb, wanted_rev = wanted_rev + 1, ${behindSince},
       following = following AND NOT $3::boolean WHERE id = $1`,
    [id, json(changed), ends],
  );
}

export function findMessage(sql: Sql, id: string): Promise<Message | undefined> {
  return first(sql, Message, `SELECT ${columns} FROM shipmate.messages WHERE id = $1`, [id]);
}

/** Makes every claim void: for a store that only one process can hold, when that process starts. */
export async function voidPosting(sql: Sql): Promise<void> {
  await sql.run(
    `UPDATE shipmate.messages SET lease_until = 0, posted_hash = NULL,
       doubt_until = ${doubtAfter("true")} WHERE lease_until > 0`,
  );
}

/**
 * Lets what waits to be posted be looked for first: a database restored from a backup does not know what was posted
 * since. What somebody is posting now, or was only just said, is left alone.
 */
export async function seekUnposted(sql: Sql): Promise<void> {
  await sql.run(
    `UPDATE shipmate.messages SET attempts = 1
     WHERE ref IS NULL AND attempts = 0 AND lease_until <= shipmate.now() AND at < shipmate.now() - 5000`,
  );
}

/** Every open run's card is drawn again, whatever stands there: a restored database does not know what was shown since. */
export async function redrawOpen(sql: Sql): Promise<void> {
  await sql.run(
    `UPDATE shipmate.messages SET posted_hash = NULL, wanted_rev = wanted_rev + 1, ${behindSince}
     WHERE kind = 'root' AND run IN (SELECT id FROM shipmate.runs WHERE ended_at IS NULL)`,
  );
}

/** After so many tries in vain, a minute in all, a message holds up no other one. */
const patience = 8;

/** What may be posted: a note waits for its root, and in a thread what was said before goes first. */
const inTurn = `(root.id IS NULL OR root.ref IS NOT NULL) AND (m.thread IS NULL OR m.ref IS NOT NULL OR NOT EXISTS (
  SELECT FROM shipmate.messages b
  WHERE b.thread = m.thread AND b.surface = m.surface AND b.channel = m.channel AND b.number < m.number
    AND b.ref IS NULL AND b.behind AND b.attempts < ${patience}))`;

/** What is to be claimed. */
export interface Claim {
  readonly surfaces: readonly string[];
  /** Their budgets. Of a surface that has some, one message a channel is claimed, and counted. */
  readonly paces: readonly Pace[];
  /** Channels that are left out, as `surface channel`. */
  readonly busy: readonly string[];
  readonly limit: number;
  /** In milliseconds. */
  readonly lease: number;
}

/**
 * Claims messages that are behind: answers, ends and approvals first, else as they came. What stands there is not known
 * where whoever claimed one before died or sleeps. What jumps the queue from now on sets `next_at` to 0: whoever marks
 * it as posted sees so.
 */
export async function claimBehind(database: Database, claim: Claim): Promise<readonly Behind[]> {
  const paced = [...new Set(claim.paces.map(({ surface }) => surface))];
  if (paced.length === 0) return claimNow(database, claim);
  return database.transaction(async (sql) => {
    // Another process may be claiming: then these are left to it, for this once.
    const ours = await lockPaces(sql, paced);
    const surfaces = claim.surfaces.filter((one) => !paced.includes(one) || ours.includes(one));
    return claimNow(sql, { ...claim, surfaces });
  });
}

function claimNow(sql: Sql, claim: Claim): Promise<readonly Behind[]> {
  const { surfaces, paces, busy, limit, lease } = claim;
  return sql.query(
    Behind,
    `WITH soft AS (${soft}), clock AS (SELECT shipmate.now() AS now), ${budgets(4)}, behind AS (
       SELECT m.id, m.surface, m.channel, m.ref IS NULL AS new, m.number, root.ref AS under,
         COALESCE(r.ended_at IS NOT NULL OR r.state IN ('waiting', 'parked'), true) AS matters
       FROM clock, shipmate.messages m LEFT JOIN shipmate.runs r ON r.id = m.run
       LEFT JOIN shipmate.messages root ON root.id = m.thread
       WHERE m.behind AND m.next_at <= now AND m.lease_until <= now
         AND m.surface IN (SELECT jsonb_array_elements_text($1::jsonb)) AND ${inTurn}
         AND m.surface || ' ' || m.channel NOT IN (SELECT jsonb_array_elements_text($5::jsonb))
         AND ${freeAt} <= now
       ORDER BY matters DESC, m.number LIMIT $2),
     one AS (
       SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY surface, channel ORDER BY matters DESC, number) AS place
         FROM behind) x
       WHERE place = 1 OR surface NOT IN (SELECT surface FROM budgets)),
     chosen AS (
       SELECT o.* FROM clock, (SELECT *, row_number() OVER (PARTITION BY surface, new ORDER BY matters DESC, number) AS rank
         FROM one) o
       WHERE NOT EXISTS (SELECT FROM budgets b JOIN shipmate.paces p ON p.surface = b.surface
         WHERE b.surface = o.surface AND b.per = 'app' AND ${counts("o.new")}
           AND greatest((p.taken ->> b.key)::bigint, now) + o.rank * b.every > now + b.most * b.every)),
     held AS (
       SELECT m.id AS held, new, matters, under FROM clock, shipmate.messages m JOIN chosen c ON c.id = m.id
       WHERE m.behind AND m.next_at <= now AND m.lease_until <= now
       FOR UPDATE OF m SKIP LOCKED),
     claimed AS (
       UPDATE shipmate.messages SET lease_until = now + $3, next_at = greatest(next_at, 1),
         posted_hash = CASE WHEN lease_until > 0 THEN NULL ELSE posted_hash END,
         doubt_until = ${doubtAfter("lease_until > 0")} FROM soft, clock, held
       WHERE id = held RETURNING ${columns}, ${late}, matters, number, new, under),
     spent AS (
       SELECT p.surface, ${keyOf("c.channel")} AS key, greatest((max(p.taken ->> (${keyOf("c.channel")})))::bigint, max(now)) + count(*) * max(b.every) AS until
       FROM clock, claimed c JOIN budgets b ON b.surface = c.surface AND ${counts("c.new")}
       JOIN shipmate.paces p ON p.surface = b.surface GROUP BY 1, 2),
     took AS (
       UPDATE shipmate.paces p SET taken = s.taken || COALESCE((
         SELECT jsonb_object_agg(key, value) FROM clock, jsonb_each(p.taken)
         WHERE value::bigint > now AND NOT s.taken ? key), '{}')
       FROM (SELECT surface, jsonb_object_agg(key, until) AS taken FROM spent GROUP BY surface) s
       WHERE p.surface = s.surface)
     SELECT ${columns}, late, under FROM claimed ORDER BY matters DESC, number`,
    [json(surfaces), limit, lease, json(paces), json(busy)],
  );
}

/** When the next message may be posted, in milliseconds from now; undefined: none is behind. */
export async function nextPost(
  sql: Sql,
  { surfaces, paces }: Pick<Claim, "surfaces" | "paces">,
): Promise<number | undefined> {
  const row = await first(
    sql,
    Wait,
    `WITH ${budgets(2)}
     SELECT min(greatest(m.next_at, m.lease_until, ${freeAt})) - shipmate.now() AS wait
     FROM shipmate.messages m LEFT JOIN shipmate.messages root ON root.id = m.thread
     WHERE m.behind AND m.surface IN (SELECT jsonb_array_elements_text($1::jsonb)) AND ${inTurn}`,
    [json(surfaces), json(paces)],
  );
  return row?.wait ?? undefined;
}
