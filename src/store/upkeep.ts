/** What PostgreSQL's background processes would do and PGlite has none for: checkpoints and vacuum. */
import { z } from "zod";
import { first, type Sql } from "./database.ts";

export interface UpkeepOptions {
  /** How often it looks, in milliseconds (20,000). */
  readonly every?: number;
  /** Hears of errors; the next round tries again. */
  readonly failed: (error: unknown) => void;
}

/** So many bytes of log since the last time make it work: the log grows by them, and a restart replays them. */
const enough = 16 * 1024 * 1024;
/** With less than that it works after so many rounds (5 minutes). */
const rounds = 15;

/** Looks now and then; does nothing while nothing is written, and never keeps the process alive. */
export function startUpkeep(
  sql: Sql,
  { every = 20_000, failed }: UpkeepOptions,
): { close(): void } {
  let closed = false;
  let since = 0;
  let round = 0;
  let under: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    const written = await position(sql);
    round += 1;
    if (written - since < (round < rounds ? enough : 1)) return;
    await upkeep(sql);
    since = await position(sql);
    round = 0;
  }
  const timer = setInterval(() => {
    under = under.then(look).catch((error) => {
      if (!closed) failed(error);
    });
  }, every);
  timer.unref();
  return {
    close() {
      closed = true;
      clearInterval(timer);
    },
  };
}

/**
 * Vacuums and analyzes the tables that need it, by the measure of PostgreSQL's own autovacuum: a fifth of it dead or
 * new, a tenth of it changed. One statement a table, so that others get their turn in between.
 */
export async function upkeep(sql: Sql): Promise<void> {
  const tables = await sql.query(
    z.object({ name: z.string(), vacuum: z.boolean(), analyze: z.boolean() }),
    `SELECT format('%I.%I', schemaname, relname) AS name,
       n_dead_tup > 50 + 0.2 * n_live_tup OR n_ins_since_vacuum > 1000 + 0.2 * n_live_tup AS vacuum,
       n_mod_since_analyze > 50 + 0.1 * n_live_tup AS analyze
     FROM pg_stat_user_tables WHERE schemaname = 'shipmate'`,
  );
  for (const { name, vacuum, analyze } of tables) {
    if (vacuum) await sql.run(`VACUUM ${analyze ? "(ANALYZE) " : ""}${name}`);
    else if (analyze) await sql.run(`ANALYZE ${name}`);
  }
  await sql.run("CHECKPOINT");
}

/** The end of the write-ahead log, in bytes. */
async function position(sql: Sql): Promise<number> {
  const row = await first(
    sql,
    z.object({ at: z.coerce.number() }),
    "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn AS at",
  );
  return row?.at ?? 0;
}
