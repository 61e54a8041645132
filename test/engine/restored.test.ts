/** What a run that waited does after an older backup of the database was restored. */
import { defineWorkflow, press } from "shipmate";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { createEngine } from "../../src/engine/engine.ts";
import { settleRestored } from "../../src/store/restored.ts";
import { memoryDatabase, turnClock } from "../databases.ts";
import { ada } from "./people.ts";
import { house } from "./rig.ts";
import { fakes } from "./world/fakes.ts";
import { clusters } from "./world/roles.ts";
import { emptyWorld } from "./world/world.ts";

const place = { service: "web", environment: "staging" };
const later = defineWorkflow({
  name: "later",
  input: z.object({ press: z.boolean() }),
  title: () => "later",
  async run(step, input) {
    const go = { go: press("Go") };
    await step.wait("a while", input.press ? { press: go } : { for: "1h" });
    await step.change("ship it", [clusters.release({ ...place, version: "1.4.2" })]);
  },
});
const asks = defineWorkflow({
  name: "asks",
  input: z.object({}),
  title: () => "asks",
  async run(step) {
    const production = { service: "web", environment: "production" };
    await step.change("ship it", [clusters.release({ ...production, version: "1.4.2" })]);
  },
});

test("it goes on when a person has looked and says so, and not before; what waited for approval asks as ever", async () => {
  const database = await memoryDatabase();
  onTestFinished(() => database.close());
  const clock = await turnClock(database);
  const world = emptyWorld(() => 0);
  const engine = createEngine({
    ...{ database, workflows: [later, asks], served: fakes(world), policy: house },
    id: () => crypto.randomUUID(),
  });
  const start = (workflow: string, input: object) =>
    database.transaction((sql) => engine.start(sql, { workflow, input, by: ada }));
  const Row = z.object({ state: z.string(), says: z.string().nullable() });
  const of = async (id: string) => {
    const [row] = await database.query(
      Row,
      "SELECT state, waits->0->>'says' AS says FROM shipmate.runs WHERE id = $1",
      [id],
    );
    return row;
  };
  const timed = await start("later", { press: false });
  const pressed = await start("later", { press: true });
  const asking = await start("asks", {});
  await engine.turn();
  expect((await of(timed))?.state).toBe("waiting");

  await settleRestored(database);
  await clock.advance(7_200_000);
  await engine.turn();
  const says =
    "An older backup of the database was restored, so this run does not know what it did since. Look at what stands there before it goes on.";
  expect(await of(timed)).toEqual({ state: "parked", says });
  expect(await of(pressed)).toEqual({ state: "parked", says });
  expect((await of(asking))?.state).toBe("waiting");
  expect(world.writes).toEqual([]);

  const runs = engine.runs(ada, "test");
  await runs.press(timed, "try-again");
  await engine.turn();
  expect((await of(timed))?.state).toBe("succeeded");
  await runs.press(pressed, "try-again");
  await engine.turn();
  expect((await of(pressed))?.state, "its own button comes back").toBe("waiting");
  await runs.press(pressed, "go");
  await engine.turn();
  expect((await of(pressed))?.state).toBe("nothing to do");
  expect(world.writes).toHaveLength(1);
});
