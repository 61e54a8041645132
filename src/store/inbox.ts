/** The inbox: everything that was said, once per event of a surface, before anything else is done about it. */
import { z } from "zod";
import type { Card } from "../core/card.ts";
import type { Json } from "../core/operation.ts";
import type { Intent, Place } from "../core/surface.ts";
import { first, Jsonb, json, type Sql, soft } from "./database.ts";

const Said = z.union([
  z.object({ text: z.string(), fill: z.literal(true).exactOptional() }),
  z.object({
    button: z.string(),
    message: z.string().exactOptional(),
    values: z.record(z.string(), z.json()).exactOptional(),
  }),
]);
const Stored: z.ZodType<Intent> = z.object({
  key: z.string(),
  who: z.object({ surface: z.string(), id: z.string() }),
  at: z.object({
    surface: z.string(),
    channel: z.string(),
    thread: z.string().exactOptional(),
  }),
  said: Said,
});

export interface Taken {
  readonly intent: Intent;
  /** When it was said, in milliseconds since 1970. */
  readonly at: number;
  /** Whether it was finished before; then `answer` is what came of it. */
  readonly done: boolean;
  readonly answer: Json;
}

/** One statement, one commit: whoever acks after it may die at once. Two deliveries at once make one `new`. */
export async function storeIntent(sql: Sql, intent: Intent): Promise<"new" | "seen"> {
  const rows = await sql.run(
    `INSERT INTO shipmate.inbox (surface, key, intent) VALUES ($1, $2, $3)
     ON CONFLICT (surface, key) DO NOTHING`,
    [intent.at.surface, intent.key, intent],
  );
  return rows === 1 ? "new" : "seen";
}

/** A row that is no intent, of an older version or of somebody's making. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
}

const TakenRow = z.object({
  intent: z.unknown(),
  at: z.number(),
  done: z.boolean(),
  answer: Jsonb,
});

/** What was said, and whether it was dealt with. Throws Unreadable where the row is no intent. */
export async function takeIntent(
  sql: Sql,
  surface: string,
  key: string,
): Promise<Taken | undefined> {
  const row = await first(
    sql,
    TakenRow,
    `SELECT intent, at, done_at IS NOT NULL AS done, answer
     FROM shipmate.inbox WHERE surface = $1 AND key = $2`,
    [surface, key],
  );
  if (!row) return undefined;
  const intent = Stored.safeParse(row.intent);
  if (intent.success) return { ...row, intent: intent.data };
  throw new Unreadable(`reading ${surface} ${key} of the inbox`, { cause: intent.error });
}

/** Whether it was open until now. Belongs into the transaction of what was done about it. */
export async function finishIntent(
  sql: Sql,
  surface: string,
  key: string,
  answer: Json,
): Promise<boolean> {
  const rows = await sql.run(
    `WITH soft AS (${soft}) UPDATE shipmate.inbox SET done_at = shipmate.now(), answer = $3 FROM soft
     WHERE surface = $1 AND key = $2 AND done_at IS NULL`,
    [surface, key, json(answer)],
  );
  return rows === 1;
}

const Key = z.object({ key: z.string() });

/** The same together with the answer's message, which is written only where it was open. */
export async function answerIntent(
  sql: Sql,
  { at, key }: Pick<Intent, "at" | "key">,
  reply: {
    readonly id: string;
    readonly at: Place;
    readonly card: Card;
    /** The account that alone may see it. */
    readonly to?: string | undefined;
  },
): Promise<boolean> {
  const rows = await sql.query(
    Key,
    `WITH soft AS (${soft}), fresh AS (
       UPDATE shipmate.inbox SET done_at = shipmate.now(), answer = '{"is": "card"}' FROM soft
       WHERE surface = $1 AND key = $2 AND done_at IS NULL RETURNING key),
     reply AS (
       INSERT INTO shipmate.messages (id, surface, channel, thread, kind, to_account, card)
       SELECT $3, $4, $5, $6, 'reply', $7, $8::jsonb FROM fresh ON CONFLICT (id) DO NOTHING)
     SELECT key FROM fresh`,
    [
      ...[at.surface, key, reply.id, reply.at.surface, reply.at.channel],
      ...[reply.at.thread ?? null, reply.to ?? null, json(reply.card)],
    ],
  );
  return rows.length === 1;
}

/** How long others leave alone what one process took up, in milliseconds. */
const takenFor = 30_000;

/**
 * Takes up what is still open after so many milliseconds, the oldest first: a crash left it. Nobody else takes up the
 * same for a while, so that many processes get through it side by side.
 */
export function takeUpOpen(
  sql: Sql,
  olderThan: number,
  limit: number,
): Promise<readonly { readonly surface: string; readonly key: string }[]> {
  return sql.query(
    z.object({ surface: z.string(), key: z.string() }),
    `WITH soft AS (${soft}), mine AS (
       SELECT surface, key FROM shipmate.inbox
       WHERE done_at IS NULL AND at <= shipmate.now() - $1::bigint
         AND COALESCE(taken_until, 0) <= shipmate.now()
       ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED),
     taken AS (
       UPDATE shipmate.inbox i SET taken_until = shipmate.now() + $3 FROM soft, mine
       WHERE i.surface = mine.surface AND i.key = mine.key RETURNING i.surface, i.key, i.at)
     SELECT surface, key FROM taken ORDER BY at`,
    [olderThan, limit, takenFor],
  );
}

/** Nobody is at what was taken up: for a store that only one process can hold, when that process starts. */
export async function voidTaken(sql: Sql): Promise<void> {
  await sql.run(
    "UPDATE shipmate.inbox SET taken_until = NULL WHERE done_at IS NULL AND taken_until IS NOT NULL",
  );
}
