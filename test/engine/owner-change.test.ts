/** Changes where things go wrong in the middle of something else that goes wrong. */
import { all, defineWorkflow, each, type Step } from "shipmate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { Moved, Refusal } from "../../src/core/refusal.ts";
import { effect, role } from "../../src/core/role.ts";
import { type Served, serve } from "../../src/engine/operations.ts";
import type { Database } from "../../src/store/database.ts";
import { memoryDatabase } from "../databases.ts";
import { type Case, type Ended, openRig } from "./rig.ts";
import { restores } from "./world/providers/minding.ts";
import { runs } from "./world/providers/running.ts";
import { clusters, metrics, world as putting } from "./world/roles.ts";
import { ship } from "./world/workflows/parts/ship.ts";
import type { World } from "./world/world.ts";

let database: Database;
let live: (c: Case, crashes?: readonly number[]) => Promise<Ended>;
beforeAll(async () => {
  database = await memoryDatabase();
  live = await openRig(database);
});
afterAll(() => database.close());

const environment = "staging";
const web = { service: "web", environment };
const nobody: NonNullable<Case["human"]> = async () => false;

function codeOf(code: (step: Step) => Promise<unknown>) {
  return defineWorkflow({
    name: "mend",
    input: z.object({}),
    title: () => "Mend",
    async run(step) {
      await code(step);
    },
  });
}

interface More extends Partial<Case> {
  readonly serves?: (world: World) => readonly Served[];
}
function run(code: (step: Step) => Promise<unknown>, more: More = {}): Promise<Ended> {
  return live({
    name: "owner",
    begin: [{ workflow: codeOf(code), input: {} }],
    human: nobody,
    setup(world) {
      for (const name of ["web", "api", "shop"])
        world.set(`staging/${name}`, { version: "1", percent: 100 });
    },
    check() {},
    ...more,
  });
}

const version = (ended: Ended, service: string) =>
  ended.world.read(`staging/${service}`)?.["version"];

/** Releases of `api` are refused, those of `shop` take a while. */
function picky(world: World): readonly Served[] {
  const good = runs(world);
  const release: typeof good.release = {
    ...good.release,
    async run(input, run) {
      if (input.service === "api") throw new Refusal("The quota of api is used up.");
      if (input.service === "shop") await new Promise((resolve) => setTimeout(resolve, 100));
      return good.release.run(input, run);
    },
  };
  return [serve(clusters, "world", { ...good, release })];
}

describe("taking back", () => {
  it("is tried again where the world moved meanwhile, and never ends half done", async () => {
    let refused = false;
    const ended = await run((step) => step.change("ship", ship({ ...web, version: "2-bad" })), {
      serves(world) {
        const { put } = restores(world);
        const run: typeof put.run = async (input, how) => {
          if (!refused) {
            refused = true;
            throw new Moved("staging/web is not as it was a moment ago.");
          }
          return put.run(input, how);
        };
        return [serve(putting, "world", { put: { ...put, run } })];
      },
    });
    expect(ended.state).toBe("taken back");
    expect(version(ended, "web")).toBe("1");
  });

  it("puts back what can be, where something earlier on the same object cannot", async () => {
    const marks = role("marks", {
      set: effect({
        input: z.object({}),
        result: z.object({}),
        on: () => ["staging/web"],
        says: () => "mark web",
      }),
    });
    const ended = await run(
      (step) => step.change("ship", [marks.set({}), ...ship({ ...web, version: "2-bad" })]),
      {
        serves: (world) => [
          serve(marks, "world", {
            set: {
              preview: async () => ({
                changes: [{ of: "web", from: null, to: "marked" }],
                seen: { "staging/web": world.read("staging/web") },
                will: {},
                undo: { irreversible: "a mark" },
              }),
              async run(_input, { key }) {
                world.wrote("marks.set", key);
                return {};
              },
              find: async () => "not done",
            },
          }),
        ],
      },
    );
    expect(ended.state).toBe("taken back");
    expect(version(ended, "web")).toBe("1");
  });
});

describe("a part that fails", () => {
  it("stops nobody outside its own group", async () => {
    const ended = await run(
      (step) =>
        step.change("ship", [
          each([
            [
              all([
                [clusters.release({ service: "api", environment, version: "2" })],
                [clusters.release({ service: "shop", environment, version: "2" })],
              ]),
            ],
            [
              clusters.release({ ...web, version: "2" }),
              clusters.bind({ ...web, env: { COLOUR: "blue" } }),
            ],
          ]),
        ]),
      { serves: picky },
    );
    expect(ended.state).toBe("succeeded");
    expect([version(ended, "web"), version(ended, "shop")]).toEqual(["2", "1"]);
  });

  it("stops what runs beside it, which is not waited for", async () => {
    const parts = [
      ship({ service: "api", environment, version: "2-bad" }),
      ship({ ...web, version: "2-slow" }),
    ];
    const ended = await run((step) => step.change("ship", [all(parts)]));
    expect(ended.state).toBe("taken back");
    expect(ended.hours).toBeLessThan(1 / 60);
  });
});

describe("a wait", () => {
  it("ends at its time, also while its look does not work", async () => {
    const good = { alert: async () => Promise.reject(new Error("503 from the metrics")) };
    const ended = await run(
      async (step) => {
        const look = metrics.alert({ service: "web", alert: "errors" });
        const calm = { look, test: () => true };
        const out = await step.wait("calm", { for: "3h", every: "1m", when: { calm } });
        await step.note("out", out.is);
      },
      { serves: () => [serve(metrics, "world", { ...good, gate: async () => Promise.reject() })] },
    );
    expect(ended.notes).toEqual(["time"]);
    expect(ended.hours).toBeCloseTo(3, 1);
  });
});

describe("a press", () => {
  it("counts where it was acknowledged while the wait's time came", async () => {
    let late = false;
    const ended = await run(
      async (step) => {
        const look = metrics.alert({ service: "web", alert: "errors" });
        const calm = { look, test: () => true };
        const out = await step.wait("calm", {
          when: { calm },
          press: { stop: { label: "Stop" } },
        });
        await step.note("out", out.is);
      },
      {
        serves: () => [
          serve(metrics, "world", {
            gate: async () => Promise.reject(),
            async alert() {
              if (!late) {
                late = true;
                await database.run(
                  `INSERT INTO shipmate.presses (run, wait, button, person)
                   VALUES ('run-1', 'calm', 'stop', '{"id": "ada", "name": "Ada"}')`,
                );
              }
              return { firing: false };
            },
          }),
        ],
      },
    );
    expect(ended.notes).toEqual(["stop"]);
  });
});

describe("a cancel", () => {
  it("ends a run whose code does not work", async () => {
    const ended = await run(
      async () => {
        throw new Error("a mistake");
      },
      { human: (people) => people.cancel() },
    );
    expect(ended.state).toBe("cancelled");
  });

  it("takes back a change whose code is another one now", async () => {
    const before = codeOf((step) => step.change("ship", ship({ ...web, version: "2-slow" })));
    const after = codeOf((step) => step.change("ship", ship({ ...web, version: "3" })));
    let restarted = false;
    const ended = await live({
      name: "owner",
      begin: [{ workflow: before, input: {} }],
      code: (world) => [world.writes.length > 0 ? after : before],
      setup: (world) => world.set("staging/web", { version: "1", percent: 100 }),
      async human(people) {
        const [row] = await people.runs();
        if (row?.state === "parked") return people.cancel();
        if (restarted || people.world.writes.length === 0) return false;
        restarted = true;
        people.restart();
        return true;
      },
      check() {},
    });
    expect(ended.state).toBe("cancelled");
    expect(version(ended, "web")).toBe("1");
  });
});
