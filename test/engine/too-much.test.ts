/** A run that asks for too much is stopped with a sentence, and takes nobody else's place. */
import { defineWorkflow, type Step } from "shipmate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { serve } from "../../src/engine/operations.ts";
import type { Database } from "../../src/store/database.ts";
import { memoryDatabase } from "../databases.ts";
import { type Case, type Ended, openRig } from "./rig.ts";
import { runs } from "./world/providers/running.ts";
import { clusters } from "./world/roles.ts";

let database: Database;
let live: (c: Case) => Promise<Ended>;
beforeAll(async () => {
  database = await memoryDatabase();
  live = await openRig(database);
});
afterAll(() => database.close());

const at = { service: "web", environment: "staging" };
type More = Pick<Case, "serves" | "children">;
const human = async () => false;

/** A run of this code, up to where it parks or ends. */
function run(code: (step: Step) => Promise<unknown>, more: More = {}): Promise<Ended> {
  const workflow = defineWorkflow({
    name: "greedy",
    input: z.object({}),
    title: () => "Greed",
    async run(step) {
      await code(step);
    },
  });
  const begin = [{ workflow, input: {} }];
  return live({ name: "greed", begin, human, stays: true, check() {}, ...more });
}
const told = (ended: Ended) => ended.runs[0]?.waits?.map((wait) => wait.says).join(" ");

describe("a run that goes on for ever", () => {
  test("waits for a person after 10,000 steps, whatever its code catches", async () => {
    let asked = 0;
    const ended = await run(async (step) => {
      for (;;) {
        asked += 1;
        await step.look("again", clusters.running(at)).catch(() => {});
      }
    });
    expect(ended.state).toBe("parked");
    expect(told(ended)).toBe(
      "This took 10000 steps and asks for more: its workflow seems to go on for ever. Nothing was lost.",
    );
    expect(asked).toBe(10_001);
  });
});

describe("a look that gives too much", () => {
  const giving = (size: number): More => ({
    serves: (world) => [
      serve(clusters, "world", {
        ...runs(world),
        running: async () => ({ version: "x".repeat(size), ready: 1, of: 1 }) as never,
      }),
    ],
  });

  test("of 10 MB is refused, and says how much it may be", async () => {
    const ended = await run((step) => step.look("all", clusters.running(at)), giving(10_000_000));
    expect(ended.state).toBe("refused");
    expect(ended.says).toBe(
      "clusters.running gave 10 MB, and one look may give 1 MB. Ask it for less.",
    );
  });

  test("together with the others of its run is refused", async () => {
    const ended = await run(async (step) => {
      for (let i = 0; i < 30; i++) await step.look(`part ${i}`, clusters.running(at));
    }, giving(900_000));
    expect(ended.state).toBe("refused");
    expect(ended.says).toMatch(/^What this run looked at is more than 20 MB\./);
  });
});

test("a run asks ten looks at once and no more", async () => {
  let inside = 0;
  let most = 0;
  const slow: More = {
    serves: (world) => {
      const good = runs(world);
      const running: typeof good.running = async (input, signal) => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setTimeout(resolve, 1));
        inside -= 1;
        return good.running(input, signal);
      };
      return [serve(clusters, "world", { ...good, running })];
    },
  };
  const ended = await run(
    (step) =>
      Promise.all(Array.from({ length: 50 }, (_, i) => step.look(`${i}`, clusters.running(at)))),
    slow,
  );
  expect(ended.state).toBe("succeeded");
  expect(most).toBe(10);
});

describe("notes", () => {
  test("beyond a hundred are not posted, and the last one says so", async () => {
    const ended = await run(async (step) => {
      for (let i = 0; i < 150; i++) await step.note(`${i}`, `Line ${i}.`);
    });
    expect(ended.state).toBe("succeeded");
    expect(ended.notes).toHaveLength(101);
    expect(ended.notes.at(-1)).toBe("This run writes more lines than the 100 that are posted.");
  });

  test("of a megabyte are a mistake of their author", async () => {
    const ended = await run((step) => step.note("big", "x".repeat(1_000_000)));
    expect(ended.state).toBe("parked");
    expect(told(ended)).toMatch(/the note "big" has 1 MB, and one may have 0.1 MB/);
  });
});

test("a change of more than 500 operations is a mistake of its author", async () => {
  const ended = await run((step) =>
    step.change(
      "all",
      Array.from({ length: 501 }, (_, i) => clusters.bind({ ...at, env: { N: `${i}` } })),
    ),
  );
  expect(told(ended)).toMatch(/"all" has 501 operations, and may have 500/);
});

test("a run that starts others for ever ends at 200 of them", async () => {
  const child = defineWorkflow({
    name: "child",
    input: z.object({}),
    title: () => "A child",
    async run() {},
  });
  /** Stands for a run that started 198 others, which ended. */
  const others: More = {
    serves: (world) => [
      serve(clusters, "world", {
        ...runs(world),
        async running() {
          await database.run(
            `INSERT INTO shipmate.runs (id, workflow, workflow_hash, input, title, by_person, parent, state, ended_at)
             SELECT 'other ' || n, 'child', '', '{}', 'A child', 'ada', (SELECT id FROM shipmate.runs), 'succeeded', 1
             FROM generate_series(1, 198) n`,
          );
          return { version: null, ready: 0, of: 0 } as never;
        },
      }),
    ],
  };
  const ended = await run(
    async (step) => {
      await step.look("others", clusters.running(at));
      await step.run("the last", child, {});
      await step.run("one more", child, {});
    },
    { ...others, children: [child] },
  );
  expect(ended.state).toBe("refused");
  expect(ended.says).toBe("This run and those that it started are 200; it may start no more.");
  expect(ended.runs.filter(({ parent }) => parent !== null)).toHaveLength(199);
});
