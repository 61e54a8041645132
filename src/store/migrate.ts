/** Brings a database's schema up to date. Any number of processes may do so at once. */
import { z } from "zod";
import { refuse } from "../core/refusal.ts";
import { type Database, first, type Sql } from "./database.ts";
import { migrations } from "./migrations.ts";

/** How long another process's migration is waited for, in milliseconds. */
const patience = 120_000;
/** The advisory lock's number: "ship" as bytes. */
const lock = 0x73686970;

/**
 * Carries out what is missing, each migration in a transaction of its own, and gives the version.
 * A schema that is newer than this code is refused. A migration has 30 s, as every statement has.
 */
export async function migrate(
  database: Database,
  list: readonly string[] = migrations,
): Promise<number> {
  const until = performance.now() + patience;
  for (;;) {
    const version = await schemaVersion(database);
    if (version > list.length) tooNew(version, list.length);
    if (version === list.length) return version;
    const done = await database.transaction((sql) => oneStep(sql, list));
    if (done) continue;
    if (performance.now() > until)
      throw new Error("waiting for another process that migrates the database");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Whether it was our turn. Who is too late finds the work done and does nothing. */
async function oneStep(sql: Sql, list: readonly string[]): Promise<boolean> {
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
    )`);
  const version = await schemaVersion(sql);
  const next = list[version];
  if (next === undefined) return true;
  await sql.run(next);
  await sql.run("INSERT INTO shipmate.migrations (version) VALUES ($1)", [version + 1]);
  return true;
}

/** How many migrations were carried out. */
export async function schemaVersion(sql: Sql): Promise<number> {
  const table = await first(
    sql,
    z.object({ there: z.boolean() }),
    "SELECT to_regclass('shipmate.migrations') IS NOT NULL AS there",
  );
  if (table?.there !== true) return 0;
  const row = await first(
    sql,
    z.object({ version: z.number() }),
    "SELECT coalesce(max(version), 0) AS version FROM shipmate.migrations",
  );
  return row?.version ?? 0;
}

function tooNew(version: number, known: number): never {
  return refuse(
    `The database's schema has version ${version}, and this Shipmate knows ${known}: start the newer Shipmate, or restore the older database.`,
  );
}
