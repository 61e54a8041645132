/** One run, several rooms: the same card everywhere, and whoever decides anywhere decides everywhere. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Database } from "../../src/store/database.ts";
import { memoryDatabase } from "../databases.ts";
import { type House, openHouse, platformText } from "./house.ts";

let database: Database;
let house: House;
beforeAll(async () => {
  database = await memoryDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  house = await openHouse(database);
  house.platform(
    platformText
      .replace("says: The shop }", "says: The shop, rooms: ['chat:C1', 'console:general'] }")
      .replace("production: { cluster: local,", "production: { cluster: local, rooms: ['chat:C1'],")
      .replace("grace: { name: Grace }", "grace: { name: Grace, accounts: { chat: U2 } }"),
  );
});
afterEach(async () => {
  expect(house.trouble).toEqual([]);
  await house.close();
});

const cards = (channel: string) =>
  house.shown(channel).flatMap(({ card, calls }) => (calls ? [] : [card]));

test("a run's card stands where it was asked for and in each room, once", async () => {
  await house.say("ada", "deploy web 1.4.2 to production");
  expect(cards("general")).toHaveLength(1);
  expect(cards("C1")).toHaveLength(1);
  expect(cards("C1")[0]?.title).toBe("Deploy web 1.4.2 to production");
});

test("an approval in one room is seen in all, and both accounts of a person are one vote", async () => {
  await house.say("ada", "deploy web 1.4.2 to vault");
  const [there] = house.shown("C1");
  if (!there) throw new Error("no card in the room");
  await house.press("U2", there, "Approve", { surface: "chat", channel: "C1" });
  for (const channel of ["general", "C1"])
    expect(cards(channel)[0]?.says).toBe("Waiting for one of security: Linus or Barbara.");
  await house.press("grace", house.card(), "Approve");
  expect(cards("general")[0]?.state?.word).toBe("Waiting for approval");
  await house.press("linus", house.card(), "Approve");
  for (const channel of ["general", "C1"]) expect(cards(channel)[0]?.state?.word).toBe("Succeeded");
});

test("a run that touches no room's service stays where it was asked for", async () => {
  await house.say("ada", "deploy hello 1.4.2 to staging");
  expect(cards("C1")).toEqual([]);
});

const calls = () =>
  house
    .shown("C1")
    .filter((one) => one.calls)
    .map(({ calls, thread, card }) => ({ calls, inThread: thread !== undefined, says: card.says }));

test("those who can approve are called once, in the thread, and who asked at the end", async () => {
  await house.say("ada", "deploy web 1.4.2 to production");
  const asked = {
    ...{ calls: ["U2"], inThread: true },
    says: "Waiting for one of payments: Grace or Linus.",
  };
  expect(calls()).toEqual([asked]);
  await house.press("grace", house.card(), "Approve");
  const told = { calls: ["U1"], inThread: true, says: "web 1.4.2 runs in production." };
  expect(calls()).toEqual([asked, told]);
});

test("who wants to be asked elsewhere is not called here, and what needed nobody calls nobody", async () => {
  house.platform(
    platformText
      .replace("says: The shop }", "says: The shop, rooms: ['chat:C1'] }")
      .replace("name: Grace }", "name: Grace, asked: slack, accounts: { chat: U2, slack: S2 } }"),
  );
  await house.say("ada", "deploy web 1.4.2 to production");
  await house.say("ada", "deploy web 1.4.2 to staging");
  expect(calls()).toEqual([]);
});

test("whoever has the card in their own chat with us is not called beside it", async () => {
  house.platform(
    platformText
      .replace("says: The shop }", "says: The shop, rooms: ['chat:U2', 'chat:C1'] }")
      .replace("grace: { name: Grace }", "grace: { name: Grace, accounts: { chat: U2 } }"),
  );
  await house.say("ada", "deploy web 1.4.2 to production");
  expect(cards("U2")).toHaveLength(1);
  expect(house.shown("U2").filter((one) => one.calls)).toEqual([]);
  expect(calls()).toHaveLength(1);
});

test("a button tells for whom it is, where any of them has an account", async () => {
  await house.say("ada", "deploy web 1.4.2 to production");
  const aimed = (channel: string) => cards(channel)[0]?.buttons.map((one) => one.for ?? "anybody");
  expect(aimed("C1")).toEqual([["U2"], ["U2"], "anybody"]);
  expect(aimed("general")).toEqual(["anybody", "anybody", "anybody"]);
});
