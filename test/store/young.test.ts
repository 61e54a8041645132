/** A database that is new: nothing is known yet of how much there will be, and each statement is planned for good. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { livedIn } from "../../bench/history-fill.ts";
import type { Database, Sql } from "../../src/store/database.ts";
import { memoryDatabase } from "../databases.ts";

let database: Database;
beforeAll(async () => {
  database = await memoryDatabase();
});
afterAll(() => database.close());

test("a run is written by its key, and not looked for among all that are open", async () => {
  const texts = new Set<string>();
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
  await livedIn(
    {
      ...{ ...database, ...watching(database), urgent: watching(database.urgent) },
      transaction: (body) => database.transaction((sql, last) => body(watching(sql), last)),
    },
    1,
    "young",
  );
  const writes = [...texts].filter((text) => /\brev = (r\.)?rev \+ 1/.test(text));
  expect(writes.length).toBeGreaterThan(1);
  for (const text of writes) expect(await walked(text)).toEqual([]);
});

/** Indexes that are walked from one end to the other, in the plan for any values. */
async function walked(text: string): Promise<readonly string[]> {
  const Line = z.object({ "QUERY PLAN": z.string() });
  const lines = await database.query(Line, `EXPLAIN (GENERIC_PLAN) ${text}`);
  const plan = lines.map((line) => line["QUERY PLAN"]);
  return plan.filter(
    (line, at) => /Index Scan using/.test(line) && !/Index Cond/.test(plan[at + 1] ?? ""),
  );
}
