/** Databases for tests: both kinds, migrated, with a clock that a test turns. */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { type Database, first } from "../src/store/database.ts";
import { migrate } from "../src/store/migrate.ts";
import { migrations } from "../src/store/migrations.ts";
import { openPglite, type PgliteSettings } from "../src/store/pglite.ts";
import { openPostgres } from "../src/store/postgres.ts";

/** One kind of database; `open` gives a fresh one, migrated, that drops itself when it is closed. */
export interface Kind {
  readonly kind: Database["kind"];
  open(): Promise<Database>;
}

/**
 * For `describe.each(databases())("…on $kind", ({ open }) => …)`: PGlite in memory, and PostgreSQL where
 * SHIPMATE_TEST_DATABASE_URL names a server. With SHIPMATE_TEST_REQUIRE=1 its absence throws.
 */
export function databases(): readonly Kind[] {
  const url = process.env["SHIPMATE_TEST_DATABASE_URL"];
  if (url === undefined && process.env["SHIPMATE_TEST_REQUIRE"] === "1")
    throw new Error(
      "SHIPMATE_TEST_DATABASE_URL is not set, and SHIPMATE_TEST_REQUIRE=1 asks for it",
    );
  const pglite: Kind = { kind: "pglite", open: () => memoryDatabase() };
  return url === undefined ? [pglite] : [pglite, { kind: "postgres", open: () => onServer(url) }];
}

/** A migrated PGlite in memory, in about 0.3 s. Unless told, a busy machine is no reason to give up a statement. */
export async function memoryDatabase(
  settings: Pick<PgliteSettings, "timeout"> = {},
): Promise<Database> {
  return openPglite({ timeout: 150_000, ...settings, dump: await template() });
}

/** Read once a process. */
let kept: Promise<Blob> | undefined;
function template(): Promise<Blob> {
  kept ??= keptTemplate().then((bytes) => new Blob([bytes]));
  return kept;
}

/** Made once for these migrations and kept, since making one takes 2 s. */
async function keptTemplate(): Promise<Uint8Array<ArrayBuffer>> {
  const folder = join(import.meta.dirname, "../node_modules/.cache/shipmate");
  const engine = await readFile(join(folder, "../../@electric-sql/pglite/package.json"), "utf8");
  const hash = createHash("sha256").update(engine).update(JSON.stringify(migrations));
  const file = join(folder, `database-${hash.digest("hex").slice(0, 16)}.tar`);
  try {
    return new Uint8Array(await readFile(file));
  } catch {
    const dump = await makeTemplate();
    await mkdir(folder, { recursive: true });
    const draft = `${file}.${process.pid}`;
    await writeFile(draft, dump);
    await rename(draft, file);
    await clearOld(folder);
    return dump;
  }
}

/** In a folder, which starts from the shipped empty database: in memory it would take initdb and 0.3 GB more. */
async function makeTemplate(): Promise<Uint8Array<ArrayBuffer>> {
  const place = await mkdtemp(join(tmpdir(), "shipmate-template-"));
  try {
    const database = await openPglite({ folder: join(place, "database") });
    await migrate(database);
    const dump = new Uint8Array(await (await database.dump()).arrayBuffer());
    await database.close();
    return dump;
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** 30 MB each: those of earlier migrations go after an hour. */
async function clearOld(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    // Another process may have renamed it or taken it away since.
    const age = await stat(join(folder, name)).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > 3_600_000) await rm(join(folder, name), { force: true });
  }
}

/** A database of its own on the server, dropped at its end. */
async function onServer(url: string): Promise<Database> {
  const name = `shipmate_test_${process.pid}_${crypto.randomUUID().slice(0, 8)}`;
  await once(url, `CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  const database = await openPostgres(own.href, { max: 5 });
  await migrate(database);
  return {
    ...database,
    async close() {
      await database.close();
      await once(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

async function once(url: string, statement: string): Promise<void> {
  const server = await openPostgres(url, { max: 1 });
  try {
    await server.run(statement);
  } finally {
    await server.close();
  }
}

/** Deletes every row and starts all numbers at 1 again; the schema and a turned clock stay. */
export async function empty(database: Database): Promise<void> {
  await database.run(`
    DO $$
    DECLARE it record;
    BEGIN
      FOR it IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'shipmate' AND tablename <> 'migrations'
      LOOP
        EXECUTE format('DELETE FROM shipmate.%I', it.tablename);
      END LOOP;
      FOR it IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'shipmate' LOOP
        PERFORM setval(format('shipmate.%I', it.sequencename), 1, false);
      END LOOP;
    END $$`);
}

/** The database's clock, stopped. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): Promise<number>;
  set(ms: number): Promise<void>;
  advance(ms: number): Promise<void>;
}

/** Stops shipmate.now() at `at`; from then on only the test moves it. */
export async function turnClock(database: Database, at = Date.UTC(2026, 0, 1)): Promise<Clock> {
  await database.run(`
    CREATE SCHEMA IF NOT EXISTS shipmate_test;
    CREATE TABLE IF NOT EXISTS shipmate_test.clock (ms bigint NOT NULL);
    DELETE FROM shipmate_test.clock;
    INSERT INTO shipmate_test.clock VALUES (${at});
    CREATE OR REPLACE FUNCTION shipmate.now() RETURNS bigint LANGUAGE sql VOLATILE AS
      'SELECT ms FROM shipmate_test.clock'`);
  return {
    async now() {
      const row = await first(
        database,
        z.object({ ms: z.number() }),
        "SELECT shipmate.now() AS ms",
      );
      return row?.ms ?? at;
    },
    async set(ms) {
      await database.run("UPDATE shipmate_test.clock SET ms = $1", [ms]);
    },
    async advance(ms) {
      await database.run("UPDATE shipmate_test.clock SET ms = ms + $1", [ms]);
    },
  };
}
