/** A connection that is torn off inside of a transaction: everything that was asked for on it throws at once. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { createEngine } from "../../src/engine/engine.ts";
import { type Database, first, LostConnection, type Sql } from "../../src/store/database.ts";
import { type Clock, empty, memoryDatabase, turnClock } from "../databases.ts";
import { ada } from "./people.ts";
import { house } from "./rig.ts";
import { fakes } from "./world/fakes.ts";
import deploy from "./world/workflows/deploy.ts";
import { emptyWorld } from "./world/world.ts";

let database: Database;
let clock: Clock;
const unheard: unknown[] = [];
const hear = (error: unknown) => void unheard.push(error);
beforeAll(async () => {
  database = await memoryDatabase();
  clock = await turnClock(database);
});
afterAll(() => database.close());
beforeEach(() => {
  unheard.length = 0;
  process.on("unhandledRejection", hear);
});
afterEach(() => void process.off("unhandledRejection", hear));

/** Tears the connection off once, at the `at`th statement that is asked for inside of any transaction. */
function tearing(real: Database, at: number) {
  let asked = 0;
  const over = (sql: Sql): Sql => {
    let torn = false;
    const ask = async <T>(call: () => Promise<T>): Promise<T> => {
      asked += 1;
      torn ||= asked === at;
      await new Promise(setImmediate);
      if (torn) throw new LostConnection("a statement");
      return call();
    };
    return {
      query: (row, text, values) => ask(() => sql.query(row, text, values)),
      run: (text, values) => ask(() => sql.run(text, values)),
    };
  };
  const it: Database = {
    ...real,
    transaction: (body) => real.transaction((sql) => body(over(sql), () => {})),
  };
  return { it, asked: () => asked };
}

const Row = z.object({ state: z.string() });

/** A deploy that its owner is called about at its end, because it is taken back. */
async function live(at: number) {
  await empty(database);
  let now = Date.UTC(2026, 0, 1);
  await clock.set(now);
  const world = emptyWorld(() => now);
  const { it: torn, asked } = tearing(database, at);
  const engine = createEngine({
    ...{ database: torn, served: fakes(world), workflows: [deploy], policy: house },
    ...{ id: () => "run", accountsOf: () => ({ test: ["ada"] }) },
  });
  const input = { service: "web", version: "bad", environment: "staging" };
  await database.transaction((sql) =>
    engine.start(sql, {
      workflow: "deploy",
      input,
      by: ada,
      at: { surface: "test", channel: "x" },
    }),
  );
  for (let n = 0; n < 30; n++) {
    await engine.turn().catch((error: unknown) => expect(error).toBeInstanceOf(LostConnection));
    const row = await first(
      database,
      Row,
      "SELECT state FROM shipmate.runs WHERE ended_at IS NOT NULL",
    );
    if (row) {
      await engine.close();
      return { state: row.state, asked: asked() };
    }
    now += 20_000;
    await clock.set(now);
  }
  throw new Error("it never ended");
}

test("wherever a connection is torn off inside of a transaction, nothing is left that nobody waits for, and the run ends as it would have", {
  timeout: 300_000,
}, async () => {
  const clean = await live(Number.POSITIVE_INFINITY);
  expect(clean.asked).toBeGreaterThan(10);
  for (let at = 1; at <= clean.asked; at++)
    expect([at, (await live(at)).state]).toEqual([at, clean.state]);
  await new Promise(setImmediate);
  expect(unheard).toEqual([]);
});
