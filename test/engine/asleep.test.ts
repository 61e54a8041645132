/** A process that slept for longer than its claim, and goes on as if it had just been made. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { createEngine } from "../../src/engine/engine.ts";
import { leaseLength } from "../../src/store/claims.ts";
import type { Database } from "../../src/store/database.ts";
import { type Clock, empty, memoryDatabase, turnClock } from "../databases.ts";
import { ada } from "./people.ts";
import { house } from "./rig.ts";
import { fakes } from "./world/fakes.ts";
import deploy from "./world/workflows/deploy.ts";
import { emptyWorld } from "./world/world.ts";

let database: Database;
let clock: Clock;
beforeAll(async () => {
  database = await memoryDatabase();
  clock = await turnClock(database);
});
afterAll(() => database.close());
afterEach(() => vi.restoreAllMocks());

test("a process that slept right after its claim begins no effect with it, and the next one does", async () => {
  await empty(database);
  const world = emptyWorld(() => 0);
  let slept = 0;
  const real = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => real() + slept);
  /** The answer to the first claim finds the process asleep. */
  const drowsy: Database = {
    ...database,
    async query(row, text, values) {
      const gave = await database.query(row, text, values);
      if (slept === 0 && text.includes("SET epoch = epoch + 1")) slept = leaseLength + 1;
      return gave;
    },
  };
  const engine = createEngine({
    database: drowsy,
    served: fakes(world),
    workflows: [deploy],
    policy: house,
    id: () => "run-1",
  });
  const input = { service: "web", version: "1.4.2", environment: "staging" };
  await database.transaction((sql) =>
    engine.start(sql, {
      workflow: "deploy",
      input,
      by: ada,
      at: { surface: "test", channel: "x" },
    }),
  );
  engine.ring(["run-1"]);
  await engine.turn();
  expect(slept, "it slept").toBeGreaterThan(0);
  expect(world.writes).toEqual([]);
  await clock.advance(leaseLength + 1);
  await engine.turn();
  expect(world.writes).toHaveLength(1);
  await engine.close();
});
