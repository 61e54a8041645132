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

const cards = (channel: string) => house.shown(channel).map(({ card }) => card);

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
