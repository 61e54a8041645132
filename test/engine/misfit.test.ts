/** Every way in which changed code may not fit a run that is under way, and what each button then comes to. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { type Served, serve } from "../../src/engine/operations.ts";
import type { AnyWorkflow } from "../../src/engine/replay.ts";
import { defineWorkflow, press, type Step, until } from "../../src/index.ts";
import type { Database } from "../../src/store/database.ts";
import { leaveToOthers, sayAlive, sayGone } from "../../src/store/replicas.ts";
import { type Clock, empty, memoryDatabase, turnClock } from "../databases.ts";
import { ada, grace, people, seen } from "./people.ts";
import { house } from "./rig.ts";
import { fakes } from "./world/fakes.ts";
import { runs } from "./world/providers/running.ts";
import { clusters } from "./world/roles.ts";
import { emptyWorld, type World } from "./world/world.ts";

let database: Database;
let clock: Clock;
beforeAll(async () => {
  database = await memoryDatabase();
  clock = await turnClock(database);
});
afterAll(() => database.close());

const web = { service: "web", environment: "staging" };
const side = { service: "side", environment: "staging" };
const Input = z.object({ note: z.string() });
type Body = (step: Step) => Promise<unknown>;

const workflow = (run: Body, input: z.ZodType = Input, name = "ship"): AnyWorkflow =>
  defineWorkflow({ name, input, title: () => "Ship", run: (step) => run(step).then(() => {}) });

const look = (step: Step) => step.look("see", clusters.running(web));
const first = (step: Step) => step.change("first", [clusters.release({ ...side, version: "2" })]);
const ask = (step: Step) => step.wait("ask", { press: { go: press("Go") } });
const second = (step: Step, percent = 50) =>
  step.change("second", [
    clusters.release({ ...web, version: "2", percent }),
    until(clusters.rollout(web), { every: "2s", timeout: "5m" }),
  ]);
/** Under way in its second change when the code is changed. */
const old = workflow(async (step) => {
  await look(step);
  await first(step);
  await ask(step);
  await second(step);
});

const good = clusters.running.spec;
/** The same role, whose look promises more today. */
const grown = {
  ...clusters,
  running: {
    ...clusters.running,
    spec: { ...good, result: good.result.extend({ zone: z.string() }) },
  },
};

interface Kind {
  readonly name: string;
  readonly code: readonly AnyWorkflow[];
  readonly says: RegExp;
  readonly serves?: (world: World) => readonly Served[];
  /** The new code can't begin with what was asked for. */
  readonly never?: boolean;
}
const kind = (name: string, says: RegExp, run: Body): Kind => ({
  name,
  says,
  code: [workflow(run)],
});

const kinds: readonly Kind[] = [
  kind("a step is gone", /"second" now, but "see" came before/, async (step) => {
    await first(step);
    await ask(step);
    await second(step);
  }),
  kind("the last steps are gone", /It would end now, but "ask" was done/, async (step) => {
    await look(step);
    await first(step);
  }),
  kind("a step is new before the end", /"more" now, but "ask" came before/, async (step) => {
    await look(step);
    await first(step);
    await step.look("more", clusters.running(side));
    await ask(step);
    await second(step);
  }),
  kind("a step has another name", /"third" now, but "second" came before/, async (step) => {
    await look(step);
    await first(step);
    await ask(step);
    await step.change("third", [clusters.release({ ...web, version: "2" })]);
  }),
  kind("what is under way is asked for later", /"later" now, but "second" came/, async (step) => {
    await look(step);
    await first(step);
    await ask(step);
    await step.note("later", "Later.");
    await second(step);
  }),
  kind("a step is of another kind", /"see" was a look and is a note now/, async (step) => {
    await step.note("see", "Seen.");
    await first(step);
    await ask(step);
    await second(step);
  }),
  kind("a look asks for another thing", /"see" would look at something else/, async (step) => {
    await step.look("see", clusters.running(side));
    await first(step);
    await ask(step);
    await second(step);
  }),
  kind(
    "a change that is done has other operations",
    /"first" would do something else/,
    async (step) => {
      await look(step);
      await step.change("first", [clusters.restart(side)]);
      await ask(step);
      await second(step);
    },
  ),
  kind(
    "the change under way has another input",
    /"second" would do something else/,
    async (step) => {
      await look(step);
      await first(step);
      await ask(step);
      await second(step, 100);
    },
  ),
  kind(
    "a button that was pressed is gone",
    /"ask" ended by "go", which it knows no more/,
    async (step) => {
      await look(step);
      await first(step);
      await step.wait("ask", { press: { yes: press("Yes") } });
      await second(step);
    },
  ),
  kind(
    "the code refuses before it gets there",
    /It would end now, but "ask" was done/,
    async (step) => {
      await look(step);
      throw new (await import("../../src/index.ts")).Refusal("Not any more.");
    },
  ),
  {
    ...{ name: "the workflow is gone", code: [], never: true },
    says: /There is no workflow "ship" any more/,
  },
  {
    name: "its arguments are stricter",
    code: [workflow(async () => {}, Input.extend({ note: z.enum(["short"]) }))],
    says: /no longer fits what "ship" takes/,
    never: true,
  },
  {
    name: "a result that was recorded has another shape",
    code: [old],
    says: /What "see" gave no longer has the shape/,
    serves: (world) => [
      serve(grown as unknown as typeof clusters, "world", {
        ...runs(world),
        running: async (i: { service: string; environment: string }) => ({
          ...(await runs(world).running(i, new AbortController().signal)),
          zone: "a",
        }),
      } as never),
    ],
  },
];

interface Lived {
  readonly world: World;
  engine(code: readonly AnyWorkflow[], serves?: Kind["serves"], name?: string): Engine;
  press(engine: Engine, button: string): Promise<boolean>;
  /** Until nothing is due any more within the minutes. */
  live(engine: Engine): Promise<void>;
}

/** A run of the old code with its second change under way. */
async function underWay(): Promise<Lived> {
  await empty(database);
  const world = emptyWorld(() => now);
  let now = await clock.now();
  world.set("staging/web", { version: "1", percent: 100 });
  const engine: Lived["engine"] = (workflows, serves, code) =>
    createEngine({
      ...{ database, workflows, policy: house, id: () => "run-1" },
      ...(code && { code }),
      served: [...fakes(world), ...(serves?.(world) ?? [])],
    });
  const press: Lived["press"] = (at, button) =>
    people(database, {
      ...{ world, restart: () => {}, refusals: [], hours: () => 0 },
      runs: (person) => at.runs(person, "test"),
    }).press(button);
  const live: Lived["live"] = async (at) => {
    for (let due = await at.turn(); due !== undefined; due = await at.turn()) {
      now = Math.max(await clock.now(), due);
      await clock.set(now);
    }
  };
  const older = engine([old], undefined, "old");
  await database.transaction((sql) =>
    older.start(sql, { workflow: "ship", input: { note: "a long one" }, by: ada }),
  );
  await live(older);
  expect(await press(older, "go")).toBe(true);
  await older.turn();
  expect(world.writes).toHaveLength(2);
  return { world, engine, press, live };
}

const state = async () => {
  const all = await seen(database).runs();
  const [run] = all;
  const wait = run?.waits?.[0];
  const buttons = wait?.buttons?.map(({ label }) => label);
  return { all, run, state: run?.state, says: wait?.says ?? "", buttons };
};
const versions = (world: World) =>
  ["web", "side"].map((service) => world.objects.get(`staging/${service}`)?.["version"]);
const locks = () =>
  database.query(z.object({ target: z.string() }), "SELECT target FROM shipmate.locks");

const parked = async ({ code, serves }: Kind) => {
  const lived = await underWay();
  const now = lived.engine(code, serves);
  await lived.live(now);
  expect(lived.world.writes, "nothing is done on a guess").toHaveLength(2);
  return { ...lived, now };
};

test.each(kinds)("where $name the run parks, says why, and can be taken back", async (kind) => {
  const { now, press, live, world } = await parked(kind);
  const at = await state();
  expect(at.state).toBe("parked");
  expect(at.says).toMatch(/^The workflow was changed while this was under way\. /);
  expect(at.says).toMatch(kind.says);
  expect(at.says).toContain('Take back undoes "second", which is under way.');
  expect(at.buttons).toEqual(["Take back", "Abandon", ...(kind.never ? [] : ["Start again"])]);
  expect(await press(now, "take-back")).toBe(true);
  await live(now);
  const { run } = await state();
  expect([run?.state, versions(world)]).toEqual(["taken back", ["1", "2"]]);
  expect(run?.says).toMatch(/^Ada stopped this, because its workflow was changed/);
  expect(await locks()).toEqual([]);
});

const some = kinds.filter(({ name }) => /is gone|stricter|another shape/.test(name));

test.each(some)("where $name, Abandon leaves everything as it is", async (kind) => {
  const { now, press, live, world } = await parked(kind);
  expect(await press(now, "abandon")).toBe(true);
  await live(now);
  const { run } = await state();
  expect([run?.state, versions(world)]).toEqual(["abandoned", ["2", "2"]]);
  expect(await locks()).toEqual([]);
});

test.each(some)("where $name, a cancel takes it back without any code", async (kind) => {
  const { now, live, world } = await parked(kind);
  await now.runs(grace, "test").cancel("1");
  await live(now);
  const { run } = await state();
  expect([run?.state, versions(world)]).toEqual(["cancelled", ["1", "2"]]);
});

test.each(some.filter(({ never }) => !never))(
  "where $name, Start again takes back and runs the new code in the same words",
  async (kind) => {
    const { now, press, live } = await parked(kind);
    expect(await press(now, "start-again")).toBe(true);
    await live(now);
    const { all } = await state();
    expect(all.map((run) => run.workflow)).toEqual(["ship", "ship"]);
    expect(all[0]?.state).toBe("taken back");
    expect(all[1]?.by).toBe("ada");
    expect(all[1]?.state, "it got as far as its button").toBe("waiting");
  },
);

describe("old and new processes side by side", () => {
  const newer = [workflow(async (step) => first(step))];
  const alive = (id: string, code: string, isFirst = false) =>
    sayAlive(database, { id, code, knows: 1 }, isFirst);

  test("a run is left to a process that it fits, and comes to its end there", async () => {
    const { engine, live, world } = await underWay();
    await alive("a", "old");
    await alive("b", "new");
    const before = await state();
    await live(engine(newer, undefined, "new"));
    const left = await state();
    expect([left.state, left.run?.waits]).toEqual([before.state, before.run?.waits]);
    await live(engine([old], undefined, "old"));
    expect([(await state()).state, versions(world)]).toEqual(["succeeded", ["2", "2"]]);
  });

  test("it parks where the last process that it fitted is gone, or silent", async () => {
    for (const goes of [() => sayGone(database, "a"), () => clock.advance(30_000)]) {
      const { engine, live } = await underWay();
      await alive("a", "old");
      const fresh = engine(newer, undefined, "new");
      await live(fresh);
      expect((await state()).state).toBe("running");
      await goes();
      await live(fresh);
      expect((await state()).state).toBe("parked");
    }
  });

  test("it goes on by itself where fitting code comes back", async () => {
    const { engine, live } = await underWay();
    await live(engine(newer, undefined, "new"));
    expect((await state()).state).toBe("parked");
    await alive("c", "old", true);
    await live(engine([old], undefined, "old"));
    expect((await state()).state).toBe("succeeded");
  });

  test("a button that was pressed counts, whoever comes next", async () => {
    const { engine, press, live, world } = await underWay();
    const fresh = engine(newer, undefined, "new");
    await live(fresh);
    await press(fresh, "take-back");
    await live(engine([old], undefined, "old"));
    expect([(await state()).state, versions(world)]).toEqual(["taken back", ["1", "2"]]);
  });

  test("each code is noted once", async () => {
    await underWay();
    const { run } = await state();
    for (const code of ["x", "y", "x"]) await leaveToOthers(database, run?.id ?? "", code);
    const row = z.object({ unfit: z.json() });
    const rows = await database.query(row, "SELECT unfit FROM shipmate.runs");
    expect(rows).toEqual([{ unfit: ["x", "y"] }]);
  });
});
