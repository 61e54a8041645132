/** Votes at moments at which they must not count. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { createEngine } from "../../src/engine/engine.ts";
import { serve } from "../../src/engine/operations.ts";
import { defineWorkflow, effect, role } from "../../src/index.ts";
import type { Database } from "../../src/store/database.ts";
import { empty, memoryDatabase, turnClock } from "../databases.ts";

const things = role("things", {
  make: effect({
    input: z.object({ name: z.string() }),
    result: z.object({}),
    on: (i) => [`production/${i.name}`],
    says: (i) => `make ${i.name}`,
  }),
});
const made: string[] = [];
const served = serve(things, "fake", {
  make: {
    preview: async (i) => ({
      changes: [{ of: i.name, from: null, to: "there" }],
      seen: {},
      will: {},
      undo: { irreversible: "it stays" },
    }),
    run: async (i) => {
      made.push(i.name);
      return {};
    },
  },
});
const make = defineWorkflow({
  name: "make",
  input: z.object({ name: z.string() }),
  title: (i) => `Make ${i.name}`,
  run: async (step, i) => {
    await step.change("make it", [things.make(i)]);
  },
});
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
