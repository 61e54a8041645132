/**
 * How long history is kept. Any process prunes, in small batches that skip what others hold; nothing in flight is
 * touched: a run goes once it has ended long ago and its parent has too, and all that belongs to it goes in one commit.
 */
import { z } from "zod";
import { pruneAudit } from "./audit.ts";
import { type Database, first, type Sql } from "./database.ts";

const day = 86_400_000;
/** Runs, or other rows, that one statement takes. */
const batch = 200;
/** What was said and pressed stands in messages, runs and audit as well: its own rows are kept for so many days. */
const briefly = 14;

/** So many rows (of runs: with all that belongs to them) of this kind, at most `limit`, that are older than so many milliseconds. */
type Prune = (sql: Sql, age: number, limit: number) => Promise<number>;

/** Deletes what is older: `days` for history (undefined: for ever), and what is kept only briefly. Gives how many runs went. */
export async function prune(
  database: Database,
  days: number | undefined,
  limit = batch,
): Promise<number> {
  await all(pruneInbox, database, briefly * day, limit);
  await all(prunePresses, database, briefly * day, limit);
  await all(pruneSaid, database, day, limit);
  if (days === undefined) return 0;
  const runs = await all(pruneRuns, database, days * day, limit);
  await all(pruneMessages, database, days * day, limit);
  while ((await pruneAudit(database, days * day)) > 0);
  return runs;
}

/** Prunes soon and then every hour, until closed. `failed` hears of errors; the next round tries again. */
export function startPruning(
  database: Database,
  { days, every = 3_600_000 }: { readonly days: number | undefined; readonly every?: number },
  failed: (error: unknown) => void,
): { close(): void } {
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const round = (wait: number) => {
    timer = setTimeout(() => {
      prune(database, days)
        .catch((error) => {
          if (!closed) failed(error);
        })
        .finally(() => {
          if (!closed) round(every);
        });
    }, wait);
    timer.unref();
  };
  round(every / 60);
  return {
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** Between two batches others get their turn. */
async function all(one: Prune, database: Database, age: number, limit: number): Promise<number> {
  let sum = 0;
  for (;;) {
    const pruned = await one(database, age, limit);
    sum += pruned;
    if (pruned < limit) return sum;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const ago = "(SELECT shipmate.now() - $1::bigint)";

const pruneRuns: Prune = async (sql, age, limit) => {
  const row = await first(
    sql,
    z.object({ runs: z.number() }),
    `WITH old AS MATERIALIZED (
       SELECT id FROM shipmate.runs r WHERE ended_at < ${ago}
         AND NOT EXISTS (SELECT FROM shipmate.runs p WHERE p.id = r.parent AND p.ended_at IS NULL)
       ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED),
     journal AS (DELETE FROM shipmate.journal j USING old WHERE j.run = old.id),
     targets AS (DELETE FROM shipmate.run_targets t USING old WHERE t.run = old.id),
     plans AS (DELETE FROM shipmate.plans p USING old WHERE p.run = old.id),
     votes AS (DELETE FROM shipmate.votes v USING old WHERE v.run = old.id),
     presses AS (DELETE FROM shipmate.presses p USING old WHERE p.run = old.id),
     messages AS (DELETE FROM shipmate.messages m USING old WHERE m.run = old.id RETURNING m.id),
     buttons AS (DELETE FROM shipmate.buttons b USING messages m WHERE b.message = m.id),
     runs AS (DELETE FROM shipmate.runs r USING old WHERE r.id = old.id RETURNING r.id)
     SELECT count(*) AS runs FROM runs`,
    [age, limit],
  );
  return row?.runs ?? 0;
};

/** What was said and answered without a run. */
const pruneMessages: Prune = async (sql, age, limit) => {
  const row = await first(
    sql,
    z.object({ messages: z.number() }),
    `WITH old AS MATERIALIZED (
       SELECT id FROM shipmate.messages WHERE run IS NULL AND NOT following AND at < ${ago}
       LIMIT $2 FOR UPDATE SKIP LOCKED),
     buttons AS (DELETE FROM shipmate.buttons b USING old WHERE b.message = old.id),
     gone AS (DELETE FROM shipmate.messages m USING old WHERE m.id = old.id RETURNING m.id)
     SELECT count(*) AS messages FROM gone`,
    [age, limit],
  );
  return row?.messages ?? 0;
};

/** A row keeps a second delivery of the same event from doing anything: chats deliver again within hours. */
const pruneInbox: Prune = (sql, age, limit) =>
  sql.run(
    `DELETE FROM shipmate.inbox WHERE (surface, key) IN (
       SELECT surface, key FROM shipmate.inbox WHERE done_at IS NOT NULL AND at < ${ago}
       LIMIT $2 FOR UPDATE SKIP LOCKED)`,
    [age, limit],
  );

const prunePresses: Prune = (sql, age, limit) =>
  sql.run(
    `DELETE FROM shipmate.presses WHERE id IN (
       SELECT p.id FROM shipmate.presses p JOIN shipmate.runs r ON r.id = p.run
       WHERE r.ended_at < ${ago} LIMIT $2 FOR UPDATE OF p SKIP LOCKED)`,
    [age, limit],
  );

const pruneSaid: Prune = (sql, age, limit) =>
  sql.run(
    `DELETE FROM shipmate.said WHERE whom IN (
       SELECT whom FROM shipmate.said WHERE until < ${ago} LIMIT $2 FOR UPDATE SKIP LOCKED)`,
    [age, limit],
  );
