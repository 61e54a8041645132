/** Logs in a chat: what is there at once, the newest lines while they are followed, a way to stop, and an end that is said. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { DrawnCard } from "../../src/core/card.ts";
import type { Provider } from "../../src/core/provider.ts";
import type { clusters } from "../../src/roles/clusters.ts";
import type { Database } from "../../src/store/database.ts";
import { memoryDatabase } from "../databases.ts";
import { type House, openHouse } from "./house.ts";

type Logs = Provider<typeof clusters>["logs"];

let database: Database;
let house: House;
let logs: Logs;
/** Lines that a followed log is about to write. */
let fresh: string[];
beforeAll(async () => {
  database = await memoryDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  fresh = [];
  logs = async function* (_, signal) {
    yield line("first");
    while (!signal.aborted) {
      yield* fresh.splice(0).map(line);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  house = await openHouse(database, { logs: (...given) => logs(...given) });
});
afterEach(async () => {
  expect(house.trouble).toEqual([]);
  await house.close();
});

const line = (text: string) => ({ text, from: "web", at: 0 });
const follow = "logs web in staging follow";
const card = (): DrawnCard => {
  const found = house.shown().find((one) => one.card.title.startsWith("Logs of"));
  if (!found) throw new Error("no log stands there");
  return found.card;
};
const labels = () => card().buttons.map(({ label }) => label);
const until = async (test: () => boolean) => {
  const end = Date.now() + 25_000;
  while (!test()) {
    if (Date.now() > end) throw new Error(JSON.stringify(card()));
    await house.post();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

test("a log that is followed grows on its card until Stop is pressed, and says that it was", async () => {
  await house.say("ada", follow);
  expect(card()).toMatchObject({ code: { text: "first" }, facts: ["following for 5 min"] });
  fresh.push("second");
  await until(() => card().code?.text === "first\nsecond");
  const [shown] = house.shown();
  if (!shown) throw new Error("nothing stands there");
  const answer = await house.press("grace", shown, "Stop");
  expect(answer).toMatchObject({ card: { title: "That log is not followed any more." } });
  await until(() => card().facts?.includes("stopped") ?? false);
  expect(labels()).toEqual(["Follow again"]);
  fresh.push("third");
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  await house.post();
  expect(card().code?.text).toBe("first\nsecond");
});

test("a log is stopped by a word too, in its own channel only", async () => {
  await house.say("ada", follow);
  const elsewhere = await house.say("ada", "unfollow", { channel: "elsewhere" });
  expect(elsewhere).toMatchObject({ card: { title: "No log is followed here any more." } });
  expect(card().facts).toEqual(["following for 5 min"]);
  await house.say("ada", "unfollow");
  await until(() => card().facts?.includes("stopped") ?? false);
  const again = await house.say("ada", "unfollow");
  expect(again).toMatchObject({ card: { title: "No log is followed here any more." } });
});

test("a log that breaks off says so, keeps what it had, and can be followed again", async () => {
  logs = async function* () {
    yield line("first");
    await new Promise((resolve) => setTimeout(resolve, 1_700));
    throw new Error("the connection was cut");
  };
  await house.say("ada", follow);
  await until(() => card().facts?.[0] !== "following for 5 min");
  expect(card()).toMatchObject({
    code: { text: "first" },
    facts: ["ended, because it could not be read on"],
  });
  expect(labels()).toEqual(["Follow again"]);
});

test("a card that follows shows the newest lines, and how many it left out", async () => {
  fresh = Array.from({ length: 100 }, (_, i) => `line ${i}`);
  await house.say("ada", follow);
  expect(card().code?.text.split("\n")).toHaveLength(40);
  expect(card().code?.text).toMatch(/line 99$/);
  expect(card().facts).toEqual(["61 earlier lines left out", "following for 5 min"]);
});

test("a log that pours without end leaves everything else its turn, and can be stopped", async () => {
  logs = async function* (_, signal) {
    for (let n = 0; !signal.aborted; n++) yield line(`line ${n}`);
  };
  await house.say("ada", follow);
  expect(card().code?.text.split("\n")).toHaveLength(40);
  await house.say("ada", "unfollow");
  await until(() => card().facts?.includes("stopped") ?? false);
});

test("a log that ends by itself is there as a whole, without a button", async () => {
  logs = async function* () {
    yield* Array.from({ length: 300 }, (_, i) => line(`line ${i}`));
  };
  await house.say("ada", "logs web in staging tail=300");
  expect(card().code?.text.split("\n")).toHaveLength(300);
  expect(card().facts).toEqual([]);
  expect(labels()).toEqual([]);
});

test("of a very long log the end is kept, and that is said", async () => {
  logs = async function* () {
    yield* Array.from({ length: 2_000 }, (_, i) => line(`${i} ${"x".repeat(900)}`));
  };
  await house.say("ada", "logs web in staging tail=2000");
  const { code, facts } = card();
  expect(code?.text.length).toBeLessThan(61_000);
  expect(code?.text).toContain("1999 x");
  expect(facts?.[0]).toMatch(/^18\d\d earlier lines left out$/);
});
