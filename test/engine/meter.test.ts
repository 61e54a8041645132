/** What the house tells while it works: each thing that happens, once. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Patience } from "../../src/core/surface.ts";
import { createProjector } from "../../src/engine/projector.ts";
import type { Happened } from "../../src/observe/meter.ts";
import type { Database } from "../../src/store/database.ts";
import { insertReply } from "../../src/store/messages.ts";
import { memoryDatabase } from "../databases.ts";
import { type House, openHouse } from "./house.ts";

let database: Database;
let house: House;
let told: Happened[];
beforeAll(async () => {
  database = await memoryDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  told = [];
  house = await openHouse(database, {}, (happened) => told.push(happened));
});
afterEach(() => house.close());

const all = <K extends Happened["is"]>(is: K) =>
  told.filter((one): one is Extract<Happened, { is: K }> => one.is === is);

test("a deploy that waited for a vote tells each step, effect and call once, though its code ran several times", async () => {
  await house.say("ada", "deploy web 1.4.2 to production");
  expect(all("ended")).toEqual([]);
  await house.press("grace", house.card(), "Approve");
  expect(house.card().card.state?.word).toBe("Succeeded");
  const [ended, ...others] = all("ended");
  expect(ended).toMatchObject({ workflow: "deploy", state: "succeeded" });
  expect(others).toEqual([]);
  const steps = all("step").map(({ step, kind }) => `${kind} ${step}`);
  expect(steps).toContain("change ship it");
  expect(new Set(steps).size).toBe(steps.length);
  for (const { run, seconds } of all("step")) {
    expect(run).toBe(ended?.run);
    expect(seconds).toBeGreaterThanOrEqual(0);
  }
  expect(all("effect")).toEqual([
    { is: "effect", run: ended?.run, step: "ship it", op: "clusters.release", back: false },
  ]);
  const runs = all("call").filter(({ face }) => face === "run");
  expect(runs).toMatchObject([{ op: "clusters.release", came: "done" }]);
});

test("what somebody says is told with how long storing it took, and a second delivery as seen", async () => {
  await house.say("ada", "help", { key: "once" });
  await house.say("ada", "help", { key: "once" });
  const came = all("stored").map(({ surface, came }) => `${surface} ${came}`);
  expect(came).toEqual(["console new", "console seen"]);
  expect(all("posted")).toMatchObject([{ surface: "console" }]);
});

test("a fault is told with its run and step, and the failed call too", async () => {
  house.cluster.entered = () => {
    throw new Error("the cluster is away");
  };
  await house.say("ada", "deploy web 1.4.2 to staging");
  expect(all("fault")).toMatchObject([{ step: "ship it", says: "the cluster is away", count: 1 }]);
  expect(all("call").filter(({ came }) => came === "failed")).toMatchObject([
    { op: "clusters.release", face: "run" },
  ]);
});

test("what is taken back is told as taken back", async () => {
  house.cluster.rollout = { state: "bad", says: "It keeps crashing." };
  await house.say("ada", "deploy web 1.4.2 to staging");
  expect(all("effect").map(({ back }) => back)).toEqual([false, true]);
  expect(all("ended")).toMatchObject([{ state: "taken back" }]);
});

test("a run that another process took is told as a lost lease", async () => {
  house.cluster.entered = () => {
    throw new Error("too late");
  };
  const steal = openHouseThief(database);
  const stealing = await openHouse(
    database,
    {
      versions: async () => [],
    },
    (happened) => {
      if (happened.is === "call" && happened.face === "preview") steal();
      told.push(happened);
    },
  );
  await stealing.say("ada", "deploy web 1.4.2 to staging");
  await steal.done();
  expect(all("lease lost").length).toBeGreaterThan(0);
  await stealing.close();
});

/** Raises every open run's epoch once, as another process' claim does. */
function openHouseThief(sql: Database) {
  let stolen: Promise<unknown> | undefined;
  const steal = () => {
    stolen ??= sql.run("UPDATE shipmate.runs SET epoch = epoch + 1 WHERE ended_at IS NULL");
  };
  return Object.assign(steal, { done: async () => void (await stolen) });
}

test("a 429 of the chat is told, our own care is not", async () => {
  const asks = [true, false];
  const projector = createProjector({
    database,
    nameOf: (id) => id,
    mask: (value) => value,
    meter: (happened) => told.push(happened),
    surfaces: [
      {
        name: "chat",
        pace: 0,
        async post() {
          throw new Patience(1, { asked: asks.shift() ?? false });
        },
        edit: async () => {},
        close: async () => {},
      },
    ],
  });
  const at = { surface: "chat", channel: "c" };
  await insertReply(database, { id: "m", at, card: { title: "Hello" } });
  await projector.settle();
  await house.clock.advance(1_000);
  await projector.settle();
  expect(asks).toEqual([]);
  expect(all("held off")).toEqual([{ is: "held off", surface: "chat" }]);
  await projector.close();
});
