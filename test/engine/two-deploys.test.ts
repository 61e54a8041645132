/** Two deploys of one service at once: the second says whom it waits for, and goes on when its turn comes. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Database } from "../../src/store/database.ts";
import { memoryDatabase } from "../databases.ts";
import { type House, openHouse } from "./house.ts";

let database: Database;
let house: House;
beforeAll(async () => {
  database = await memoryDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  house = await openHouse(database);
  house.cluster.rollout = { state: "going", says: "1 of 3 ready." };
});
afterEach(async () => {
  expect(house.trouble).toEqual([]);
  await house.close();
});

const word = (nth: number) => house.card(nth).card.state?.word;
/** The rollout under way becomes good. */
async function done(): Promise<void> {
  house.cluster.rollout = {};
  await house.clock.advance(2_000);
  await house.settle();
}

test("the second waits for the first by name, and deploys after it", async () => {
  await house.say("ada", "deploy web 1.4.2 to staging");
  await house.say("grace", "deploy web 1.5.0 to staging");
  expect(word(2)).toBe("Queued");
  expect(house.card(2).card.says).toContain("web in staging is busy with run 1 (Ada, deploy");
  expect(house.cluster.versions.get("staging/web")).toBe("1.4.2");
  await done();
  expect([word(1), word(2)]).toEqual(["Succeeded", "Succeeded"]);
  expect(house.cluster.versions.get("staging/web")).toBe("1.5.0");
  expect(house.cluster.keys).toHaveLength(2);
});

test("two that come in the same instant are carried out one after the other", async () => {
  const at = { surface: "console", channel: "general" };
  const both = [
    ["one", "ada", "1.4.2"],
    ["two", "grace", "1.5.0"],
  ].map(async ([key = "", id = "", version]) => {
    const said = { text: `deploy web ${version} to staging` };
    await house.door.store({ key, who: { surface: "console", id }, at, said });
    return house.door.enter(key, "console");
  });
  await Promise.all(both);
  await house.settle();
  expect([word(1), word(2)].sort()).toEqual(["Queued", "Running"]);
  await done();
  expect([word(1), word(2)]).toEqual(["Succeeded", "Succeeded"]);
});

test("nobody votes on what is about to be old: the one in line is planned, and asked for, after the one before", async () => {
  await house.say("ada", "deploy web 1.4.2 to production");
  await house.press("grace", house.card(1), "Approve");
  expect(word(1)).toBe("Running");
  await house.say("grace", "deploy web 1.5.0 to production");
  expect(word(2)).toBe("Queued");
  expect(house.card(2).card.buttons.map(({ label }) => label)).not.toContain("Approve");
  await done();
  expect(word(2)).toBe("Waiting for approval");
  expect(house.card(2).card.changes?.[0]).toMatchObject({ from: "1.4.2", to: "1.5.0" });
});

test("an approval that was open while another went ahead is asked for again, with what changed", async () => {
  await house.say("ada", "deploy web 1.4.2 to production");
  await house.say("grace", "deploy web 1.5.0 to production");
  expect([word(1), word(2)]).toEqual(["Waiting for approval", "Waiting for approval"]);
  await house.press("linus", house.card(2), "Approve");
  await done();
  expect(word(2)).toBe("Succeeded");
  expect(word(1)).toMatch(/^Waiting/);
  expect(house.card(1).card.changes?.[0]).toMatchObject({ from: "1.5.0", to: "1.4.2" });
});

test("the one in line can be cancelled, and the first goes on", async () => {
  await house.say("ada", "deploy web 1.4.2 to staging");
  await house.say("grace", "deploy web 1.5.0 to staging");
  await house.press("grace", house.card(2), "Cancel");
  expect(word(2)).toBe("Cancelled");
  await done();
  expect(word(1)).toBe("Succeeded");
  expect(house.cluster.versions.get("staging/web")).toBe("1.4.2");
});

test("where the first is taken back, the second is planned on what runs again", async () => {
  await house.say("ada", "deploy web 1.5.0 to production");
  await house.press("grace", house.card(1), "Approve");
  await house.say("grace", "deploy web 1.4.2 to production");
  house.cluster.rollout = { state: "bad", says: "1.5.0 did not start (exit code 1)." };
  await house.clock.advance(2_000);
  await house.settle();
  expect(word(1)).toBe("Taken back");
  expect(house.card(2).card.changes?.[0]).toMatchObject({ from: "1.4.1", to: "1.4.2" });
});

test("another service, or the same elsewhere, waits for nobody", async () => {
  await house.say("ada", "deploy web 1.4.2 to staging");
  await house.say("grace", "deploy hello 1.4.2 to staging");
  expect([word(1), word(2)]).toEqual(["Running", "Running"]);
});

test("an approval that comes while the plan is made anew is told so, and counts when it is given again", async () => {
  await house.say("ada", "deploy web 1.4.2 to production");
  await house.say("grace", "deploy web 1.5.0 to production");
  const old = house.card(1);
  await house.press("linus", house.card(2), "Approve");
  expect(word(1)).toBe("Queued");
  expect(await house.press("grace", old, "Approve")).toMatchObject({
    card: {
      title:
        "Deploy web 1.4.2 to production is being planned anew (run 2 went ahead on the same target). Answer when its card asks again.",
    },
  });
  await done();
  expect(word(1)).toBe("Waiting for approval");
  await house.press("grace", house.card(1), "Approve");
  await done();
  expect(word(1)).toBe("Succeeded");
});
