/** Brings a database's schema up to date. Any number of processes may do so at once. */
import { z } from "zod";
import { refuse } from "../core/refusal.ts";
import { type Database, first, type Sql } from "./database.ts";
import { type Migration, migrations } from "./migrations.ts";
import { livesOlder } from "./replicas.ts";

/** How long another process's migration is waited for, in milliseconds. */
const patience = 120_000;
/** The advisory lock's number: "ship" as bytes. */
const lock = 0x73686970;

/**
 * Carries out what is missing, each migration in a transaction of its own, and gives the version. A migration has 30 s,
 * as every statement has.
 *
 * Processes of an older and a newer version live on one database during an upgrade. So a newer schema is refused only
 * where it needs code that this is not; and what takes something away (a contract) waits until no process lives that
 * may still use it: then the next start does it.
 */
export async function migrate(
  database: Database,
  list: readonly Migration[] = migrations,
): Promise<number> {
  const until = performance.now() + patience;
  for (;;) {
    const { version, needs } = await standing(database);
    if (needs > list.length) tooNew(version, list.length);
    if (version >= list.length) return version;
    const next = list[version];
    if (typeof next === "object" && (await livesOlder(database, next.after))) {
      if (list.slice(version).every((one) => typeof one === "object")) return version;
      refuse(
        "An older Shipmate still runs on this database, and this one changes what that one needs: stop the older one, then start this one.",
      );
    }
    const done = await database.transaction((sql) => oneStep(sql, list, version));
    if (done) continue;
    if (performance.now() > until)
      throw new Error("waiting for another process that migrates the database");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Whether it was our turn. Who is too late finds the work done and does nothing. */
async function oneStep(sql: Sql, list: readonly Migration[], expected: number): Promise<boolean> {
  const ours = await first(
    sql,
    z.object({ ours: z.boolean() }),
    "SELECT pg_try_advisory_xact_lock($1::bigint) AS ours",
    [lock],
  );
  if (ours?.ours !== true) return false;
  await sql.run(`
    CREATE SCHEMA IF NOT EXISTS shipmate;
    CREATE TABLE IF NOT EXISTS shipmate.migrations (
      version bigint PRIMARY KEY,
      at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    -- how many migrations a process must know to live on this schema
    ALTER TABLE shipmate.migrations ADD COLUMN IF NOT EXISTS needs bigint NOT NULL DEFAULT 0`);
  const { version } = await standing(sql);
  const next = list[version];
  if (version !== expected || next === undefined) return true;
  await sql.run(typeof next === "object" ? next.contract : next);
  await sql.run("INSERT INTO shipmate.migrations (version, needs) VALUES ($1, $2)", [
    version + 1,
    typeof next === "object" ? next.after : 0,
  ]);
  return true;
}

/** How many migrations were carried out. */
export async function schemaVersion(sql: Sql): Promise<number> {
  return (await standing(sql)).version;
}

export interface Standing {
  /** How many migrations were carried out. */
  readonly version: number;
  /** How many a process must know to live on this schema. */
  readonly needs: number;
}

export async function standing(sql: Sql): Promise<Standing> {
  const table = await first(
    sql,
    z.object({ there: z.boolean() }),
    "SELECT to_regclass('shipmate.migrations') IS NOT NULL AS there",
  );
  if (table?.there !== true) return { version: 0, needs: 0 };
  const row = await first(
    sql,
    z.object({ version: z.number(), needs: z.number() }),
    // An older schema has no column "needs".
    `SELECT coalesce(max(version), 0) AS version,
       coalesce(max((to_jsonb(m)->>'needs')::bigint), 0) AS needs FROM shipmate.migrations m`,
  );
  return row ?? { version: 0, needs: 0 };
}

function tooNew(version: number, known: number): never {
  return refuse(
    `The database's schema has version ${version}, and this Shipmate knows ${known}: start the newer Shipmate, or restore the older database.`,
  );
}
