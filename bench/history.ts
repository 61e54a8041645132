/**
 * What a long history costs: node src/run.mjs bench/history.ts [pglite] [postgres] [finished runs ...] (1000 10000 100000)
 *
 * The tables are filled by SQL with copies of a run that was really lived, and vacuumed; the copies' links in the
 * audit's chain are made up. Then runs are lived for real (a look, a change of two effects with a vote, a wait) in one
 * database with 100 finished runs and in one with many, in turns, and the statements behind status and lists are asked.
 * On PGlite in a folder, and on PostgreSQL where SHIPMATE_TEST_DATABASE_URL names one.
 */
import { randomUUID } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "../src/store/database.ts";
import { readFigures } from "../src/store/figures.ts";
import { migrate } from "../src/store/migrate.ts";
import { openPglite } from "../src/store/pglite.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { listRuns } from "../src/store/run-lists.ts";
import { listChannels, viewAudit, viewRun, viewRuns, waitingFor } from "../src/store/views.ts";
import { fill, livedIn } from "./history-fill.ts";

const [, , ...asked] = process.argv;
const sizes = asked.map(Number).filter(Number.isFinite);
const kinds = (["pglite", "postgres"] as const).filter(
  (kind) => asked.includes(kind) || !asked.some((word) => /^p/.test(word)),
);
const rounds = 6;
const perRound = 30;

const place = "staging/service-7";
const views = {
  "open runs of a service (status)": (sql: Database) =>
    listRuns(sql, { of: place, ended: false, limit: 100 }),
  "open runs": (sql: Database) => listRuns(sql, { ended: false, limit: 100 }),
  "the newest runs": (sql: Database) => listRuns(sql, { limit: 20 }),
  "the newest runs of a service": (sql: Database) => listRuns(sql, { of: place, limit: 20 }),
  "the newest runs of a service that has none": (sql: Database) =>
    listRuns(sql, { of: "staging/nobody", limit: 20 }),
  "the console's runs": (sql: Database) => viewRuns(sql, { limit: 50 }),
  "the console's runs of a service": (sql: Database) => viewRuns(sql, { of: place, limit: 50 }),
  "the console's open runs": (sql: Database) => viewRuns(sql, { open: true, limit: 8 }),
  "one run": (sql: Database) => viewRun(sql, "17"),
  "waiting for me": (sql: Database) => waitingFor(sql, "grace"),
  "a run's audit": (sql: Database) => viewAudit(sql, { run: "run-1", limit: 200 }),
  "the newest audit": (sql: Database) => viewAudit(sql, { limit: 100 }),
  "the console's channels": (sql: Database) => listChannels(sql, "console", "ada"),
  "the metrics' figures": (sql: Database) => readFigures(sql),
};

for (const kind of kinds) {
  for (const size of sizes.length > 0 ? sizes : [1_000, 10_000, 100_000]) {
    const few = await open(kind);
    const many = await open(kind);
    if (!few || !many) {
      console.log(`${kind}: left out, SHIPMATE_TEST_DATABASE_URL is not set`);
      break;
    }
    await fill(few.database, 100);
    await fill(many.database, size);
    const times: { few: number[]; many: number[] } = { few: [], many: [] };
    for (let round = 0; round < rounds; round++) {
      times.few.push(await livedIn(few.database, perRound));
      times.many.push(await livedIn(many.database, perRound));
    }
    const [a, b] = [middle(times.few), middle(times.many)];
    console.log(
      `${kind}, ${size} finished runs: ${b.toFixed(2)} ms a run, ${a.toFixed(2)} ms with 100: ratio ${(b / a).toFixed(2)}`,
    );
    if (many.log) console.log(`  write-ahead log: ${many.log().toFixed(0)} MB`);
    for (const [name, ask] of Object.entries(views)) {
      const took: number[] = [];
      for (let n = 0; n < 200; n++) {
        const began = performance.now();
        await ask(many.database);
        took.push(performance.now() - began);
      }
      took.sort((x, y) => x - y);
      console.log(`  ${name}: p50 ${took[100]?.toFixed(1)} ms, p99 ${took[197]?.toFixed(1)} ms`);
    }
    await few.close();
    await many.close();
  }
}

interface Opened {
  readonly database: Database;
  /** Megabytes of write-ahead log, where it is a folder of ours. */
  readonly log?: () => number;
  close(): Promise<void>;
}

async function open(kind: "pglite" | "postgres"): Promise<Opened | undefined> {
  if (kind === "pglite") {
    const folder = await mkdtemp(join(tmpdir(), "shipmate-history-"));
    const database = await openPglite({ folder: join(folder, "data") });
    await migrate(database);
    const close = async () => {
      await database.close();
      await rm(folder, { recursive: true, force: true });
    };
    const log = () => {
      const wal = join(folder, "data/pg_wal");
      const bytes = readdirSync(wal).map((file) => statSync(join(wal, file)).size);
      return bytes.reduce((sum, size) => sum + size, 0) / 2 ** 20;
    };
    return { database, log, close };
  }
  const server = process.env["SHIPMATE_TEST_DATABASE_URL"];
  if (!server) return undefined;
  const name = `shipmate_history_${randomUUID().slice(0, 8)}`;
  const admin = await openPostgres(server, { max: 1 });
  await admin.run(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const database = await openPostgres(url.href, { timeout: 600_000 });
  await migrate(database);
  const close = async () => {
    await database.close();
    await admin.run(`DROP DATABASE ${name} WITH (FORCE)`);
    await admin.close();
  };
  return { database, close };
}

function middle(values: readonly number[]): number {
  return [...values].sort((x, y) => x - y)[Math.floor(values.length / 2)] ?? 0;
}
