/** Runs that fail each time cost the others nothing, and who is waited for is claimed first. */
import { defineWorkflow, press } from "shipmate";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { serve } from "../../src/engine/operations.ts";
import type { AnyWorkflow } from "../../src/engine/replay.ts";
import { claimRuns, forgiveTries, suspect } from "../../src/store/claims.ts";
import type { Database } from "../../src/store/database.ts";
import { type Clock, empty, memoryDatabase, turnClock } from "../databases.ts";
import { ada } from "./people.ts";
import { house } from "./rig.ts";
import { fakes } from "./world/fakes.ts";
import { runs } from "./world/providers/running.ts";
import { clusters } from "./world/roles.ts";
import { emptyWorld } from "./world/world.ts";

const workflow = (name: string, service: string, more: Pick<AnyWorkflow, "hurry"> = {}) =>
  defineWorkflow({
    ...{ name, ...more },
    input: z.object({}),
    title: () => name,
    async run(step) {
      await step.look("it", clusters.running({ service, environment: "staging" }));
    },
  });
const good = workflow("good", "web");
const bad = workflow("bad", "broken");
const urgent = workflow("urgent", "web", { hurry: "first" });
const hangs = workflow("hangs", "silent");
const asks = defineWorkflow({
  name: "asks",
  input: z.object({}),
  title: () => "asks",
  async run(step) {
    await step.wait("go", { press: { go: press("Go") } });
  },
});
const bulk = workflow("bulk", "web", { hurry: "last" });

let database: Database;
let clock: Clock;
let engine: Engine;
let statements = 0;
let failed = 0;
let hanging = 0;
beforeAll(async () => {
  database = await memoryDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await empty(database);
  clock = await turnClock(database);
  [statements, failed, hanging] = [0, 0, 0];
  const world = emptyWorld(() => 0);
  const faces = runs(world);
  const running: typeof faces.running = async (input, signal) => {
    if (input.service === "silent") {
      hanging += 1;
      return new Promise<never>((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason)),
      );
    }
    if (input.service !== "broken") return faces.running(input, signal);
    failed += 1;
    throw new Error("no answer");
  };
  engine = createEngine({
    database: counted(database),
    workflows: [good, bad, urgent, bulk, hangs, asks],
    served: [...fakes(world), serve(clusters, "world", { ...faces, running })],
    policy: house,
    id: () => crypto.randomUUID(),
  });
});

function counted(database: Database): Database {
  return {
    ...database,
    query: (...how) => {
      statements += 1;
      return database.query(...how);
    },
    run: (...how) => {
      statements += 1;
      return database.run(...how);
    },
  };
}
const start = (name: string) =>
  database.transaction((sql) => engine.start(sql, { workflow: name, input: {}, by: ada }));
/** What one good run costs, in statements. */
async function cost(): Promise<number> {
  await start("good");
  const before = statements;
  await engine.turn();
  return statements - before;
}
const Row = z.object({ id: z.string(), state: z.string(), epoch: z.number() });
const bads = () =>
  database.query(
    Row,
    "SELECT id, state, epoch FROM shipmate.runs WHERE workflow = 'bad' ORDER BY id",
  );

describe("runs that fail each time", () => {
  test("are tried four times and then no more before somebody presses, and others cost what they cost without them", async () => {
    const alone = await cost();
    for (let i = 0; i < 50; i++) await start("bad");
    for (let tries = 0; tries < 5; tries++) {
      await engine.turn();
      await clock.advance(60_000);
    }
    const parked = await bads();
    expect(new Set(parked.map(({ state }) => state))).toEqual(new Set(["parked"]));
    expect(failed).toBe(50 * 4);

    expect(await cost()).toBe(alone);
    await clock.advance(86_400_000);
    expect(await cost()).toBe(alone);
    expect(await bads(), "nobody claimed one").toEqual(parked);

    await engine.runs(ada, "test").press(parked[0]?.id ?? "", "try-again");
    await engine.turn();
    expect(failed).toBe(50 * 4 + 1);
  });
});

test("a run whose process dies again and again right after somebody pressed can be pressed again", async () => {
  const id = await start("good");
  const press = () => engine.runs(ada, "test").press(id, "try-again");
  // Its processes died before they wrote anything.
  const dies = () =>
    database.run("UPDATE shipmate.runs SET tries = $2, rung = true WHERE id = $1", [id, 3]);
  const state = () =>
    database.query(z.object({ state: z.string() }), "SELECT state FROM shipmate.runs");
  for (let round = 0; round < 3; round++) {
    await dies();
    await engine.turn();
    expect(await state()).toEqual([{ state: "parked" }]);
    await press();
  }
  await engine.turn();
  expect(await state()).toEqual([{ state: "succeeded" }]);
});

describe("while every place is taken by runs that get no answer", () => {
  const count = (where: string) =>
    database
      .query(z.object({ n: z.number() }), `SELECT count(*) AS n FROM shipmate.runs WHERE ${where}`)
      .then(([row]) => row?.n);

  test("a rollback and what somebody pressed go on all the same, and new runs wait", async () => {
    const waits = await start("asks");
    await engine.turn();
    engine.work(4);
    engine.ring(await Promise.all(Array.from({ length: 20 }, () => start("hangs"))));
    await expect.poll(() => hanging).toBe(4);
    const fresh = await start("good");
    engine.ring([fresh, await start("urgent")]);
    await engine.runs(ada, "test").press(waits, "go");
    await expect
      .poll(() => count("state = 'succeeded' AND workflow IN ('urgent', 'asks')"))
      .toBe(2);
    expect([hanging, await count("workflow = 'good' AND ended_at IS NULL")]).toEqual([4, 1]);
    await engine.close();
  });
});

describe("what is due is claimed", () => {
  const order = async (limit = 10, how = {}) => {
    const claims = await claimRuns(database, limit, how);
    return claims.map((claim) => claim.workflow).sort();
  };
  const one = async (how = {}) => (await order(1, how))[0];

  test("in a hurry first, bulk last, and the oldest first among the same", async () => {
    await start("bulk");
    await start("good");
    await start("urgent");
    expect([await one(), await one(), await one()]).toEqual(["urgent", "good", "bulk"]);
  });

  test("where somebody voted or pressed before what is new", async () => {
    const old = await start("good");
    for (let i = 0; i < 5; i++) await start("bad");
    await database.run(
      "UPDATE shipmate.runs SET state = 'waiting', created_at = created_at + 1 WHERE id = $1",
      [old],
    );
    expect(await one()).toBe("good");
  });

  test("only where somebody waits for it, while every place is taken", async () => {
    for (const name of ["good", "bulk", "urgent"]) await start(name);
    expect(await order(10, { urgent: true })).toEqual(["urgent"]);
    expect(await order(10)).toEqual(["bulk", "good"]);
  });

  test("for ever: bulk that has waited for more than an hour goes before what comes new", async () => {
    await start("bulk");
    await clock.advance(3_700_000);
    await start("good");
    expect(await one()).toBe("bulk");
  });

  test("one at a time where it ended its process several times, and as before once that is forgiven", async () => {
    const all = [await start("bad"), await start("bad"), await start("good")];
    for (let i = 0; i < suspect; i++) {
      expect(await order()).toEqual(["bad", "bad", "good"]);
      await clock.advance(20_000);
    }
    expect(await order()).toEqual(["bad"]);
    expect(await order(10, { suspects: false })).toEqual([]);
    await forgiveTries(database, all);
    await clock.advance(20_000);
    expect(await order()).toEqual(["bad", "bad", "good"]);
  });
});
