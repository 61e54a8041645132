/** With a long history each statement of the views and of a run still finds its rows by an index. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { fill, livedIn } from "../../bench/history-fill.ts";
import { claimRuns, nextDue } from "../../src/store/claims.ts";
import type { Database, Sql } from "../../src/store/database.ts";
import { readFigures } from "../../src/store/figures.ts";
import { listRuns, targetsOfRun } from "../../src/store/run-lists.ts";
import { readSnapshots } from "../../src/store/snapshot.ts";
import {
  listChannels,
  listMessages,
  viewAudit,
  viewRun,
  viewRuns,
  waitingFor,
} from "../../src/store/views.ts";
import { memoryDatabase } from "../databases.ts";

/** Small or kept short by themselves: locks are given back, the rest is of what is open. */
const short = /Seq Scan on (locks|audit_unsealed|replicas|paces|migrations|audit_anchor)\b/;
const at = { surface: "console", channel: "general" };

let database: Database;
beforeAll(async () => {
  database = await memoryDatabase();
  await fill(database, 1_000);
  // Of a thousand rows it is often quicker to read all: this shows what has to be read whole for want of an index.
  await database.run(
    "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off",
  );
});
afterAll(() => database.close());

/** Runs the statements of `work`, and gives the plans of those that read a whole table. */
async function scans(work: (sql: Sql) => Promise<unknown>): Promise<readonly string[]> {
  const found: string[] = [];
  const explain = async (text: string, values: Parameters<Sql["run"]>[1] = []) => {
    if (!/^\s*(SELECT|WITH|UPDATE|DELETE|INSERT)/i.test(text)) return;
    const Line = z.object({ "QUERY PLAN": z.string() });
    const plan = await database.query(Line, `EXPLAIN ${text}`, values);
    const lines = plan.map((line) => line["QUERY PLAN"]);
    if (readsAll(lines)) found.push([text.trim(), ...lines].join("\n"));
  };
  await work({
    async query(row, text, values) {
      await explain(text, values);
      return database.query(row, text, values);
    },
    async run(text, values) {
      await explain(text, values);
      return database.run(text, values);
    },
  });
  return found;
}

/** Every row of a table, or every entry of an index of all its rows. */
function readsAll(lines: readonly string[]): boolean {
  return lines.some((line, at) => {
    if (/Seq Scan on /.test(line)) return !short.test(line);
    // Of the chain the newest link alone is asked for, and what has no link yet is little.
    if (/using audit_(chain|unsealed)_pkey /.test(line)) return false;
    return (
      /Index (Only )?Scan .*using \w+_p?key /.test(line) && !/Index Cond/.test(lines[at + 1] ?? "")
    );
  });
}

test.each<readonly [string, (sql: Sql) => Promise<unknown>]>([
  [
    "open runs of a service",
    (sql) => listRuns(sql, { of: "staging/service-7", ended: false, limit: 100 }),
  ],
  ["runs of a service", (sql) => listRuns(sql, { of: "staging/service-7", limit: 20 })],
  ["runs of what has none", (sql) => listRuns(sql, { of: "staging/nobody", limit: 20 })],
  ["all runs", (sql) => listRuns(sql, { limit: 20 })],
  ["the console's runs", (sql) => viewRuns(sql, { limit: 50 })],
  ["the console's older runs", (sql) => viewRuns(sql, { before: 1_000, limit: 50 })],
  ["the console's open runs", (sql) => viewRuns(sql, { open: true, limit: 8 })],
  ["one run", (sql) => viewRun(sql, "17")],
  ["what waits for somebody", (sql) => waitingFor(sql, "grace")],
  ["a run's audit", (sql) => viewAudit(sql, { run: "run-17", limit: 200 })],
  ["the audit", (sql) => viewAudit(sql, { limit: 100 })],
  ["a channel", (sql) => listMessages(sql, { ...at, viewer: "ada", limit: 50 })],
  ["the channels", (sql) => listChannels(sql, "console", "ada")],
  ["a run's state", (sql) => readSnapshots(sql, ["run-17"])],
  ["a run's targets", (sql) => targetsOfRun(sql, "run-17")],
  ["a claim", (sql) => claimRuns(sql, 8)],
  ["what is due", (sql) => nextDue(sql)],
  ["the metrics", (sql) => readFigures(sql)],
])("%s", async (_name, work) => {
  expect(await scans(work)).toEqual([]);
});

test("every statement of a run from its start to its end", async () => {
  const texts = new Set<string>();
  const found: string[] = [];
  const watching = (sql: Sql): Sql => ({
    async query(row, text, values) {
      texts.add(text);
      return sql.query(row, text, values);
    },
    async run(text, values) {
      texts.add(text);
      return sql.run(text, values);
    },
  });
  const watched: Database = {
    ...{ ...database, ...watching(database), urgent: watching(database.urgent) },
    transaction: (body) => database.transaction((sql, last) => body(watching(sql), last)),
  };
  await livedIn(watched, 1, "watched");
  for (const text of texts) found.push(...(await generic(text)));
  expect(texts.size).toBeGreaterThan(15);
  expect(found).toEqual([]);
});

test("a missing index is noticed", async () => {
  await database.run("DROP INDEX shipmate.votes_of_run");
  expect(await scans((sql) => readSnapshots(sql, ["run-17"]))).toHaveLength(1);
  await database.run("CREATE INDEX votes_of_run ON shipmate.votes (run)");
});

/** The plan for any values, which PostgreSQL keeps for a statement that comes again and again. */
async function generic(text: string): Promise<readonly string[]> {
  if (!/^\s*(SELECT|WITH|UPDATE|DELETE|INSERT)/i.test(text)) return [];
  const Line = z.object({ "QUERY PLAN": z.string() });
  const plan = await database.query(Line, `EXPLAIN (GENERIC_PLAN) ${text}`);
  const lines = plan.map((line) => line["QUERY PLAN"]);
  const scan = readsAll(lines);
  return scan ? [[text.trim(), ...lines].join("\n")] : [];
}
