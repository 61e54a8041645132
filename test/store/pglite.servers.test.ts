import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { type Database, first } from "../../src/store/database.ts";
import { packEmptyDatabase } from "../../src/store/empty-database.ts";
import { makeFolder } from "../../src/store/make-folder.ts";
import { migrate } from "../../src/store/migrate.ts";
import { openPglite } from "../../src/store/pglite.ts";
import { startUpkeep } from "../../src/store/upkeep.ts";

let home: string;
let folder: string;
let open: Database[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "shipmate-pglite-"));
  folder = join(home, "database");
  open = [];
});
afterEach(async () => {
  for (const database of open) await database.close();
  await rm(home, { recursive: true, force: true });
});

async function openFolder(at = folder): Promise<Database> {
  const database = await openPglite({ folder: at });
  open.push(database);
  return database;
}

/** Lets a child commit until it has printed so much, kills it, and gives the last number that it printed. */
async function commitAndKill(life: number, least: number): Promise<number> {
  const script = join(import.meta.dirname, "children/commit.ts");
  const child = spawn(process.execPath, [script, folder, String(life)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let said = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (text: string) => {
    said += text;
    if (said.split("\n").length > least) child.kill("SIGKILL");
  });
  await once(child.stdout, "close");
  expect(await exited).toEqual([null, "SIGKILL"]);
  return Number(said.trimEnd().split("\n").at(-1));
}

test("has every acknowledged commit after kill -9, and no half of a transaction", async () => {
  const acknowledged: number[] = [];
  for (let life = 0; life < 3; life += 1)
    acknowledged.push(await commitAndKill(life, 20 + life * 37));
  const database = await openFolder();
  for (const [life, last] of acknowledged.entries()) {
    const rows = await database.query(
      z.object({ run: z.string(), keys: z.array(z.number()) }),
      `SELECT run, jsonb_agg(key::bigint ORDER BY key::bigint) AS keys
       FROM shipmate.journal WHERE run LIKE '% ' || $1 GROUP BY run`,
      [life],
    );
    const keys = new Map(rows.map((row) => [row.run, row.keys]));
    const all = Array.from({ length: last + 1 }, (_, n) => n);
    expect(keys.get(`one ${life}`)?.slice(0, last + 1)).toEqual(all);
    expect(keys.get(`left ${life}`)?.slice(0, last + 1)).toEqual(all);
    expect(keys.get(`right ${life}`)).toEqual(keys.get(`left ${life}`));
  }
});

test("makes a folder that is not there, clears away what a crash left of one, and finds its rows again", async () => {
  await mkdir(join(home, "database.draft-1", "base"), { recursive: true });
  const made = await openFolder();
  await migrate(made);
  await made.run(
    "INSERT INTO shipmate.locks (target, run, step, held) VALUES ('a/b', 'r', 's', true)",
  );
  expect(await readdir(home)).toEqual(["database"]);
  expect((await stat(folder)).mode & 0o077).toBe(0);
  await made.close();
  const again = await openFolder();
  const Row = z.object({ target: z.string() });
  expect(await first(again, Row, "SELECT target FROM shipmate.locks")).toEqual({ target: "a/b" });
});

test("keeps two folders apart that were made from the same file", async () => {
  const one = await openFolder();
  const two = await openFolder(join(home, "other"));
  const Row = z.object({ target: z.string() });
  for (const [database, target] of [[one, "a/b"] as const, [two, "c/d"] as const]) {
    await migrate(database);
    await database.run(
      "INSERT INTO shipmate.locks (target, run, step, held) VALUES ($1, 'r', 's', true)",
      [target],
    );
  }
  const targets = "SELECT target FROM shipmate.locks";
  expect(await one.query(Row, targets)).toEqual([{ target: "a/b" }]);
  await one.close();
  expect(await two.query(Row, targets)).toEqual([{ target: "c/d" }]);
  await two.close();
  expect(await (await openFolder()).query(Row, targets)).toEqual([{ target: "a/b" }]);
});

test("makes a folder with initdb where the shipped file belongs to another PGlite", async () => {
  await mkdir(join(home, "old"));
  await writeFile(join(home, "old/PG_VERSION"), "of an old one");
  const old = join(home, "old.br");
  await writeFile(old, packEmptyDatabase(join(home, "old"), "0.0.1"));
  await makeFolder(folder, old);
  expect((await stat(folder)).mode & 0o077).toBe(0);
  const database = await openFolder();
  await migrate(database);
  await database.run(
    "INSERT INTO shipmate.locks (target, run, step, held) VALUES ('a/b', 'r', 's', true)",
  );
  await database.close();
  const Row = z.object({ target: z.string(), log: z.string() });
  expect(
    await (await openFolder()).query(
      Row,
      "SELECT target, current_setting('wal_segment_size') AS log FROM shipmate.locks",
    ),
  ).toEqual([{ target: "a/b", log: "1MB" }]);
});

test("checkpoints what was written, so that the log does not grow", async () => {
  const database = await openFolder();
  await migrate(database);
  const Log = z.object({ since: z.number() });
  const since = `SELECT (pg_current_wal_lsn() - redo_lsn)::float8 AS since FROM pg_control_checkpoint()`;
  await database.run(
    `INSERT INTO shipmate.blobs (hash, body)
     SELECT 'h' || n, convert_to(repeat(md5(n::text), 1000), 'UTF8') FROM generate_series(1, 2000) n`,
  );
  const failures: unknown[] = [];
  const upkeep = startUpkeep(database, { every: 10, failed: (error) => failures.push(error) });
  await expect.poll(async () => (await first(database, Log, since))?.since).toBeLessThan(100_000);
  upkeep.close();
  expect(failures).toEqual([]);
});
