/** Votes at moments at which they must not count. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createEngine } from "../../src/engine/engine.ts";
import type { Database } from "../../src/store/database.ts";
import { empty, memoryDatabase, turnClock } from "../databases.ts";
import { make, servesInto } from "./made.ts";

const made: string[] = [];
const served = servesInto(made);
let database: Database;
beforeAll(async () => {
  database = await memoryDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  made.length = 0;
  await empty(database);
});

function open() {
  let ids = 0;
  const engine = createEngine({
    database,
    served: [served],
    workflows: [make],
    id: () => `run-${++ids}`,
    policy: () => ({
      policy: "1",
      needs: [{ of: "payments", count: 1, people: ["grace"] }],
      rule: "one of payments",
      expires: 1_000,
    }),
  });
  return engine;
}

test("a vote after the time of the plan is over does not count, also where nobody has said yet that it is", async () => {
  const engine = open();
  const clock = await turnClock(database, Date.UTC(2026, 0, 1));
  const by = { id: "ada", name: "Ada" };
  const run = await engine.start(database, { workflow: "make", input: { name: "web" }, by });
  await engine.turn();
  const grace = engine.runs({ id: "grace", name: "Grace" }, "console");
  const digest = (await grace.open())[0]?.digest ?? "";
  await clock.set(Date.UTC(2026, 0, 1) + 60_000);
  await expect(grace.vote(run, digest, "yes")).rejects.toThrow("time");
  await engine.turn();
  expect(made).toEqual([]);
});
