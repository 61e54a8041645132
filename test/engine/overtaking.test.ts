/** Who goes before whom on one target and in one team, as people see it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
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
  house = await openHouse(database, {
    history: async () => [{ version: "1.4.1", good: true, at: 0, id: "1", by: "ada" }],
  });
  house.cluster.versions.set("staging/web", "1.4.2");
  house.cluster.rollout = { state: "going", says: "1 of 3 ready." };
});
afterEach(async () => {
  expect(house.trouble).toEqual([]);
  await house.close();
});

const says = (nth: number) => house.card(nth).card.says;
const word = (nth: number) => house.card(nth).card.state?.word;
const buttons = (nth: number) => house.card(nth).card.buttons.map(({ label }) => label);
/** The rows of the queue, as grace reads them. */
async function queue(text: string) {
  const answer = await house.say("grace", text);
  return answer.is === "card" ? (answer.card.rows ?? answer.card.says) : answer;
}
/** The rollout under way becomes good. */
async function done(): Promise<void> {
  house.cluster.rollout = {};
  await house.clock.advance(2_000);
  await house.settle();
}

describe("a rollback", () => {
  beforeEach(async () => {
    await house.say("ada", "deploy web 1.5.0 to staging");
    await house.say("grace", "deploy web 1.4.2 to staging");
    await house.say("linus", "rollback web in staging");
  });

  test("gets into line before deploys, and they are told that one more is before them", () => {
    expect([word(1), word(2), word(3)]).toEqual(["Running", "Queued", "Queued"]);
    const busy = "web in staging is busy with run 1 (Ada, deploy, 0 s).";
    expect(says(3)).toBe(`${busy} This is next.`);
    expect(says(2)).toBe(`${busy} 1 more before this one.`);
  });

  test("may stop what holds its target, and goes on before those in line", async () => {
    expect(buttons(2)).toEqual(["Cancel", "Look at run 1"]);
    expect(buttons(3)).toEqual(["Cancel", "Look at run 1", "Stop run 1"]);
    await house.press("linus", house.card(3), "Stop run 1");
    expect([word(1), word(2), word(3)]).toEqual(["Cancelled", "Queued", "Running"]);
    expect(house.cluster.versions.get("staging/web")).toBe("1.4.1");
    await done();
    expect([word(3), word(2)]).toEqual(["Succeeded", "Succeeded"]);
    expect(house.cluster.versions.get("staging/web")).toBe("1.4.2");
  });

  test("waits behind an earlier one", async () => {
    await house.say("ada", "rollback web in staging");
    expect([says(3), says(4), says(2)].map((text) => text?.split("). ")[1])).toEqual([
      "This is next.",
      "1 more before this one.",
      "2 more before this one.",
    ]);
  });

  test("is found with the others in the queue, and whoever leaves it makes the next one next", async () => {
    const row = (...more: unknown[]) => ["web in staging", ...more];
    const whole = [
      row("1", "Deploy web 1.5.0 to staging", "Ada", expect.stringMatching(/^under way, began/)),
      row("3", "Roll back web in staging", "Linus", "next"),
      row("2", "Deploy web 1.4.2 to staging", "Grace", "2nd"),
    ];
    expect(await queue("queue")).toEqual(whole);
    expect(await queue("queue web in staging")).toEqual(whole);
    expect(await queue("queue hello in staging")).toBe("Nobody waits for anybody else.");
    await house.press("linus", house.card(3), "Cancel");
    expect(says(2)).toMatch(/This is next\.$/);
  });
});

describe("a team that may carry out two changes at once", () => {
  const names = ["web", "hello", "shop", "cart"];
  beforeEach(async () => {
    const services = names.map((name) => `  ${name}: { owner: payments }\n`).join("");
    house.platform(
      platformText
        .replace("payments: { members", "payments: { at_once: 2, members")
        .replace(/services:\n(.*\n){2}/, `services:\n${services}`),
    );
    for (const name of names) await house.say("ada", `deploy ${name} 1.5.0 to staging`);
  });

  test("has no third under way, and who waits reads why and how many are before", async () => {
    expect([1, 2, 3, 4].map(word)).toEqual(["Running", "Running", "Queued", "Queued"]);
    const why = "payments may carry out 2 changes at once, and so many are under way.";
    expect([says(3), says(4)]).toEqual([`${why} This is next.`, `${why} 1 more before this one.`]);
    const row = (...more: unknown[]) => ["payments", ...more];
    const began = expect.stringMatching(/^under way/);
    expect(await queue("queue")).toEqual([
      row("1", "Deploy web 1.5.0 to staging", "Ada", began),
      row("2", "Deploy hello 1.5.0 to staging", "Ada", began),
      row("3", "Deploy shop 1.5.0 to staging", "Ada", "next"),
      row("4", "Deploy cart 1.5.0 to staging", "Ada", "2nd"),
    ]);
  });

  test("lets the next begin when one ends, and a cancel leaves the line", async () => {
    await house.press("ada", house.card(3), "Cancel");
    expect(says(4)).toMatch(/This is next\.$/);
    await house.press("ada", house.card(1), "Cancel");
    expect([1, 2, 3, 4].map(word)).toEqual(["Cancelled", "Running", "Cancelled", "Running"]);
    await done();
    expect([2, 4].map(word)).toEqual(["Succeeded", "Succeeded"]);
  });

  test("never keeps a rollback waiting", async () => {
    house.cluster.versions.set("staging/shop", "1.4.2");
    await house.press("ada", house.card(3), "Cancel");
    await house.say("grace", "rollback shop in staging");
    expect(word(5)).toBe("Running");
  });
});
