/** A connection to the database that is lost at any await: nobody is asked about it, and no effect happens twice. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createEngine } from "../../src/engine/engine.ts";
import { serve } from "../../src/engine/operations.ts";
import { type Database, first, LostConnection, type Sql } from "../../src/store/database.ts";
import { type Clock, empty, memoryDatabase, turnClock } from "../databases.ts";
import { ada, grace } from "./people.ts";
import { type Case, house, openRig } from "./rig.ts";
import { fakes } from "./world/fakes.ts";
import { runs } from "./world/providers/running.ts";
import { clusters } from "./world/roles.ts";
import deploy from "./world/workflows/deploy.ts";
import { emptyWorld } from "./world/world.ts";

let database: Database;
let clock: Clock;
beforeAll(async () => {
  database = await memoryDatabase();
  clock = await turnClock(database);
});
afterAll(() => database.close());

/** Loses the connection once, at that call: before it is carried out, or after. */
function brittle(real: Database, at: number, when: "before" | "after") {
  let calls = 0;
  const lose = async <T>(call: () => Promise<T>): Promise<T> => {
    const mine = ++calls === at;
    if (mine && when === "before") throw new LostConnection("a statement");
    const gave = await call();
    if (mine) throw new LostConnection("a statement");
    return gave;
  };
  const over = (sql: Sql): Sql => ({
    query: (row, text, values) => lose(() => sql.query(row, text, values)),
    run: (text, values) => lose(() => sql.run(text, values)),
  });
  const it: Database = {
    ...over(real),
    kind: real.kind,
    urgent: over(real.urgent),
    transaction: (body) => lose(() => real.transaction(body)),
    close: async () => {},
  };
  return { it, calls: () => calls };
}

const Row = z.object({ state: z.string(), says: z.string(), ended: z.boolean() });

async function live(at: number, when: "before" | "after") {
  await empty(database);
  const world = emptyWorld(() => 0);
  let now = Date.UTC(2026, 0, 1);
  world.age = () => now;
  await clock.set(now);
  const { it: flaky, calls } = brittle(database, at, when);
  const engine = createEngine({
    database: flaky,
    served: fakes(world),
    workflows: [deploy],
    policy: house,
    id: () => "run",
  });
  const input = { service: "web", version: "2", environment: "production" };
  await database.transaction((sql) => engine.start(sql, { workflow: "deploy", input, by: ada }));
  const states = new Set<string>();
  for (let n = 0; n < 50; n++) {
    const due = await engine.turn().catch((error: unknown) => {
      expect(error).toBeInstanceOf(LostConnection);
      return now;
    });
    const run = await first(
      database,
      Row,
      "SELECT state, says, ended_at IS NOT NULL AS ended FROM shipmate.runs",
    );
    states.add(run?.state ?? "");
    if (run?.ended) break;
    const plan = await first(
      database,
      z.object({ digest: z.string() }),
      "SELECT digest FROM shipmate.plans WHERE state = 'open'",
    );
    if (plan && run?.state === "waiting") {
      const runs = createEngine({
        database,
        served: [],
        workflows: [],
        policy: house,
        id: () => "",
      }).runs(grace, "test");
      await runs.vote("run", plan.digest, "yes");
    }
    now = Math.max(now + 16_000, due ?? 0);
    await clock.set(now);
  }
  await engine.close();
  return { states, writes: world.writes, calls: calls() };
}

describe("a lost connection to the database", () => {
  it.each(["before", "after"] as const)(
    "goes unnoticed by people, wherever it comes (%s a statement)",
    async (when) => {
      const clean = await live(Number.POSITIVE_INFINITY, when);
      expect(clean.states).toContain("succeeded");
      for (let at = 1; at <= clean.calls; at++) {
        const { states, writes } = await live(at, when);
        expect([at, ...states]).not.toContain("parked");
        expect([at, ...states]).toContain("succeeded");
        expect(writes.length).toBe(1);
      }
    },
  );
});

/** How many locks are held. */
async function held(): Promise<number> {
  const row = await first(
    database,
    z.object({ held: z.number() }),
    "SELECT count(*) AS held FROM shipmate.locks WHERE held",
  );
  return row?.held ?? 0;
}

describe("a commit that the database lost with its power, after its driver saw it", () => {
  it("keeps that driver from going on without its lock", async () => {
    let previews = 0;
    const locks: number[] = [];
    const serves: Case["serves"] = (world) => {
      const good = runs(world);
      const release: typeof good.release = {
        async preview(input, see) {
          previews += 1;
          if (previews === 2) {
            await database.run("UPDATE shipmate.runs SET rev = rev - 1");
            await database.run("DELETE FROM shipmate.locks");
          }
          return good.release.preview(input, see);
        },
        async run(input, how) {
          locks.push(await held());
          return good.release.run(input, how);
        },
      };
      return [serve(clusters, "world", { ...good, release })];
    };
    const input = { service: "web", version: "2", environment: "production" };
    const live = await openRig(database);
    const begin = [{ workflow: deploy, input }];
    const ended = await live({ name: "power cut", begin, serves, check() {} });
    expect(ended.state).toBe("succeeded");
    expect(locks).toEqual([1]);
  });
});
