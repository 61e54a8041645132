/**
 * What a long history costs: node src/run.mjs bench/history.ts [pglite] [postgres] [finished runs ...] (1000 10000 100000)
 *
 * The tables are filled by SQL with copies of a run that was really lived, and vacuumed; the copies' links in the
 * audit's chain are made up. Then runs are lived for real (a look, a change of two effects with a vote, a wait) in one
 * database with 100 finished runs and in one with many, in turns, and the statements behind status and lists are asked.
 * On PGlite in a folder, and on PostgreSQL where SHIPMATE_TEST_DATABASE_URL names one.
 */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { createEngine } from "../src/engine/engine.ts";
import { serve } from "../src/engine/operations.ts";
import { clusters } from "../src/roles/clusters.ts";
import { sealAudit } from "../src/store/audit.ts";
import { type Database, first } from "../src/store/database.ts";
import { readFigures } from "../src/store/figures.ts";
import { migrate } from "../src/store/migrate.ts";
import { openPglite } from "../src/store/pglite.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { listRuns } from "../src/store/runs.ts";
import { upkeep } from "../src/store/upkeep.ts";
import { listChannels, viewAudit, viewRun, viewRuns, waitingFor } from "../src/store/views.ts";
import { deploy, world } from "./world.ts";

const [, , ...asked] = process.argv;
const sizes = asked.map(Number).filter(Number.isFinite);
const kinds = (["pglite", "postgres"] as const).filter(
  (kind) => asked.includes(kind) || !asked.some((word) => /^p/.test(word)),
);
const rounds = 8;
const perRound = 40;

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
    if (!few || !many) break;
    await fill(few.database, 100);
    await fill(many.database, size);
    const times: { few: number[]; many: number[] } = { few: [], many: [] };
    for (let round = 0; round < rounds; round++) {
      times.few.push(await livedIn(few.database));
      times.many.push(await livedIn(many.database));
    }
    const [a, b] = [middle(times.few), middle(times.many)];
    console.log(
      `${kind}, ${size} finished runs: ${b.toFixed(2)} ms a run, ${a.toFixed(2)} ms with 100: ratio ${(b / a).toFixed(2)}`,
    );
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
    return { database, close };
  }
  const server = process.env["SHIPMATE_TEST_DATABASE_URL"];
  if (!server) return undefined;
  const name = `shipmate_history_${randomUUID().slice(0, 8)}`;
  const admin = await openPostgres(server, { max: 1 });
  await admin.run(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const database = await openPostgres(url.href);
  await migrate(database);
  const close = async () => {
    await database.close();
    await admin.run(`DROP DATABASE ${name} WITH (FORCE)`);
    await admin.close();
  };
  return { database, close };
}

/** One run lived for real, and copies of all its rows over 200 services. */
async function fill(database: Database, runs: number): Promise<void> {
  await livedIn(database, 1, "seed");
  await sealAudit(database);
  const copy = (table: string, changes: string, where = "") =>
    `INSERT INTO shipmate.${table} OVERRIDING SYSTEM VALUE
     SELECT (jsonb_populate_record(t, jsonb_build_object(${changes}))).*
     FROM generate_series(1, ${runs}) n, shipmate.${table} t ${where};`;
  const run = "'run', 'run-' || n";
  await database.run(`
    ${copy("journal", run)}
    ${copy("run_targets", `${run}, 'target', 'staging/service-' || n % 200`)}
    ${copy("plans", `${run}, 'id', nextval('shipmate.plans_id_seq')`)}
    ${copy("votes", `${run}, 'id', nextval('shipmate.votes_id_seq')`)}
    ${copy("messages", `${run}, 'id', t.id || n, 'number', nextval('shipmate.messages_number_seq')`)}
    ${copy("inbox", "'key', 'key-' || n")}
    ${copy("audit", `${run}, 'id', nextval('shipmate.audit_id_seq')`)}
    INSERT INTO shipmate.audit_chain SELECT (SELECT max(seq) FROM shipmate.audit_chain) + row_number() OVER (), id, md5(id::text)
      FROM shipmate.audit WHERE id > (SELECT max(audit) FROM shipmate.audit_chain);
    ${copy("runs", "'id', 'run-' || n, 'number', nextval('shipmate.runs_number_seq')")}`);
  await upkeep(database);
}

/** Milliseconds a run, of so many side by side. */
async function livedIn(database: Database, count = perRound, name = "live"): Promise<number> {
  const engine = createEngine({
    database,
    served: [serve(clusters, "bench", world("good").provider)],
    workflows: [deploy],
    policy: () => ({ policy: "bench", needs: [], rule: "nobody has to approve", expires: 60_000 }),
    id: randomUUID,
  });
  engine.work();
  const by = { id: "ada", name: "Ada" };
  const began = performance.now();
  const ids = await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const input = { service: `${name}-${n}`, version: randomUUID(), environment: "staging" };
      const at = { surface: "console", channel: "general" };
      const start = { workflow: "deploy", input, by, at };
      const id = await database.transaction((sql) => engine.start(sql, start));
      engine.ring([id]);
      return id;
    }),
  );
  const open = "SELECT count(*) AS n FROM shipmate.runs WHERE ended_at IS NULL";
  while (((await first(database, z.object({ n: z.number() }), open))?.n ?? 0) > 0)
    await new Promise((resolve) => setTimeout(resolve, 2));
  const took = (performance.now() - began) / ids.length;
  await engine.close();
  await sealAudit(database);
  return took;
}

function middle(values: readonly number[]): number {
  return [...values].sort((x, y) => x - y)[Math.floor(values.length / 2)] ?? 0;
}
