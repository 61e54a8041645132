/** No effect can happen outside `step.change`: every way that somebody might try is refused by name. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { operations, serve } from "../../src/engine/operations.ts";
import { openProgress } from "../../src/engine/progress.ts";
import * as shipmate from "../../src/index.ts";
import { claimRuns } from "../../src/store/claims.ts";
import type { Database } from "../../src/store/database.ts";
import { Fenced } from "../../src/store/database.ts";
import { together } from "../../src/store/together.ts";
import { makes } from "../attack/made.ts";
import { empty, memoryDatabase } from "../databases.ts";

const { effect, look, role, stream, defineWorkflow } = shipmate;

const things = role("things", {
  make: effect({
    input: z.object({ name: z.string() }),
    result: z.object({}),
    on: (i) => [`production/${i.name}`],
    says: (i) => `make ${i.name}`,
  }),
  all: look({ input: z.object({}), result: z.array(z.string()) }),
  flow: stream({ input: z.object({}), result: z.object({ text: z.string() }) }),
});
const made: string[] = [];
const served = serve(things, "fake", {
  make: makes(made),
  all: async () => made,
  async *flow() {},
});
const named = /things\.make changes something: only step\.change may carry it out/;

let database: Database;
let engine: Engine;
beforeAll(async () => {
  database = await memoryDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  made.length = 0;
  await empty(database);
});

const begin = async (run: Parameters<typeof defineWorkflow>[0]["run"]) => {
  const workflow = defineWorkflow({ name: "w", input: z.object({}), title: () => "W", run });
  let ids = 0;
  engine = createEngine({
    database,
    served: [served],
    workflows: [workflow],
    id: () => `run-${++ids}`,
    policy: () => ({ policy: "1", needs: [], rule: "nobody has to", expires: 1_000 }),
  });
  const by = { id: "ada", name: "Ada" };
  const id = await engine.start(database, { workflow: "w", input: {}, by });
  await engine.turn();
  const [row] = await database.query(
    z.object({ state: z.string(), waits: z.any() }),
    "SELECT state, waits FROM shipmate.runs WHERE id = $1",
    [id],
  );
  return { id, state: row?.state, waits: JSON.stringify(row?.waits) };
};

test("a command's look refuses an effect by its name", async () => {
  await begin(async () => {});
  const smuggled = things.make({ name: "web" }) as never;
  await expect(engine.operations.look(smuggled, AbortSignal.timeout(1_000))).rejects.toThrow(named);
  expect(() => engine.operations.stream(smuggled, AbortSignal.timeout(1_000))).toThrow(named);
  expect(made).toEqual([]);
});

test("a workflow's look, wait and until refuse an effect by its name", async () => {
  const smuggled = things.make({ name: "web" }) as never;
  for (const run of [
    (step: shipmate.Step) => step.look("x", smuggled),
    (step: shipmate.Step) => step.wait("x", { when: { a: shipmate.when(smuggled, () => true) } }),
    (step: shipmate.Step) =>
      step.change("x", [shipmate.until(smuggled, { every: "1s", timeout: "1m" })]),
  ]) {
    await empty(database);
    const { waits } = await begin((step) => run(step) as Promise<never>);
    expect(waits).toMatch(named);
  }
  expect(made).toEqual([]);
});

test("a child workflow's input, a note and a press hold no effect that happens", async () => {
  await begin(async (step) => {
    await step.note("n", things.make({ name: "web" }) as never);
  });
  expect(made).toEqual([]);
});

test("no export of the authors' module reaches a provider", () => {
  const names = Object.keys(shipmate);
  expect(names).toEqual([...names].sort((a, b) => (a < b ? -1 : 1)));
  for (const [name, value] of Object.entries(shipmate)) {
    if (typeof value !== "function") continue;
    for (const args of [[things.make({ name: "web" })], ["x", things], [{ op: "things.make" }]]) {
      try {
        (value as (...args: unknown[]) => unknown)(...args);
      } catch {
        // What an export makes of nonsense is its own matter; only the effect counts.
      }
    }
    expect(made, name).toEqual([]);
  }
  expect(names.filter((name) => /serve|operations|engine|provider|carry/i.test(name))).toEqual([]);
});

test("a provider is not called for a driver whose claim is stale, and the refusal names the claim", async () => {
  await begin(async (step) => {
    await step.wait("hold", { for: "1h" });
  });
  await database.run("UPDATE shipmate.runs SET rung = true");
  const [stale] = await claimRuns(database, 1);
  if (!stale) throw new Error("nothing to claim");
  await database.run("UPDATE shipmate.runs SET lease_until = 1");
  const [current] = await claimRuns(database, 1);
  expect(current?.epoch).toBeGreaterThan(stale.epoch);
  const progress = await openProgress(together(database), stale, AbortSignal.timeout(5_000));
  const ops = operations([served]);
  const run = { key: "k", seen: {}, plan: { same: {} }, signal: AbortSignal.timeout(1_000) };
  const fence = () => progress.put([{ key: "x/0/intent", value: 1 }]);
  const carried = ops.carry("things.make", { name: "web" }, run, fence);
  await expect(carried).rejects.toThrow(Fenced);
  await expect(carried).rejects.toThrow(/of run run-1 was kept back: claim \d+ is not/);
  expect(made).toEqual([]);
});

test("a driver that slept past its claim begins no effect, though nobody else has the run", async () => {
  await begin(async (step) => {
    await step.wait("hold", { for: "1h" });
  });
  await database.run("UPDATE shipmate.runs SET rung = true");
  const [claim] = await claimRuns(database, 1);
  if (!claim) throw new Error("nothing to claim");
  let lasts = true;
  const signal = AbortSignal.timeout(5_000);
  const progress = await openProgress(together(database), claim, signal, undefined, () => lasts);
  progress.expectClaim();
  lasts = false;
  expect(() => progress.expectClaim()).toThrow(Fenced);
});
