/** The run's card in each state, from an engine that is really in it. */
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
});
afterEach(() => house.close());

const production = "deploy web 1.4.2 to production";
const staging = "deploy web 1.4.2 to staging";
const second = 1_000;

/** What people read, top to bottom. */
function face(nth = 1) {
  const { title, state, says, fields, facts, progress, buttons, links, changes } =
    house.card(nth).card;
  return {
    ...{ title, state: `${state?.tone}: ${state?.word}`, says },
    ...(changes && { changes: changes.map(({ what, from, to }) => `${what} ${from} → ${to}`) }),
    ...{ fields, facts },
    ...(progress && { progress: `${progress.done} of ${progress.of}` }),
    ...(links && { links: links.map(({ label }) => label) }),
    buttons: buttons.map(({ label, confirm }) => (confirm ? `${label} (asks first)` : label)),
  };
}

test("planning, where a plan takes long: what is planned at once is its card's first word", async () => {
  const key = "k";
  const at = { surface: "console", channel: "general" };
  const who = { surface: "console", id: "ada" };
  await house.door.store({ key, who, at, said: { text: production } });
  await house.door.enter(key, "console");
  await house.clock.advance(149);
  await house.post();
  expect(house.shown()).toEqual([]);
  await house.clock.advance(1);
  await house.post();
  expect(face()).toEqual({
    title: "Deploy web 1.4.2 to production",
    state: "busy: Planning",
    says: "Looking at what would change.",
    fields: { "Asked by": "Ada" },
    facts: ["run 1"],
    buttons: ["Cancel"],
  });
});

test("waiting for approval", async () => {
  await house.say("ada", production);
  expect(face()).toMatchObject({
    state: "waiting: Waiting for approval",
    says: "Waiting for one of payments: Grace or Linus.",
    changes: ["version 1.4.1 → 1.4.2"],
    fields: { "Asked by": "Ada" },
    facts: ["run 1", expect.stringMatching(/^plan [0-9a-f]{8}$/), "expires in 4 h"],
    buttons: ["Approve", "Reject", "Why"],
  });
});

test("queued: behind whom, what they do and since when, and that this is next", async () => {
  house.cluster.rollout = { state: "going", says: "1 of 3 ready." };
  await house.say("ada", staging);
  await house.clock.advance(120 * second);
  await house.say("grace", "deploy web 1.4.1 to staging");
  expect(face(2)).toMatchObject({
    state: "waiting: Queued",
    says: "web in staging is busy with run 1 (Ada, deploy, 2 min). This is next.",
    buttons: ["Cancel", "Look at run 1"],
  });
  await house.say("linus", "deploy web 1.5.0 to staging");
  expect(face(3).says).toBe(
    "web in staging is busy with run 1 (Ada, deploy, 2 min). 1 more before this one.",
  );
});

test("running: how far it is", async () => {
  house.cluster.rollout = { state: "going", says: "1 of 3 ready.", ready: 1 };
  await house.say("ada", staging);
  expect(face()).toMatchObject({
    state: "busy: Running",
    says: "1 of 3 ready.",
    progress: "1 of 3",
    buttons: ["Logs", "Cancel (asks first)"],
  });
});

test("succeeded: where it runs, how long it took, and the way back", async () => {
  house.cluster.versions.set("staging/web", "1.4.1");
  await house.say("ada", staging);
  expect(face()).toMatchObject({
    state: "good: Succeeded",
    says: "web 1.4.2 runs in staging. Took 0 s.",
    links: ["http://127.0.0.1:9/"],
    buttons: ["Roll back (asks first)", "Logs"],
  });
});

test("stuck: why, with the log's last lines, and taking back instead of cancelling", async () => {
  const says = "1.4.2 keeps crashing: exit code 1. Taking it back in 40 s unless it recovers.";
  const log = ["starting", "error: no SHOP_CURRENCY"];
  house.cluster.rollout = { state: "going", stuck: true, says, log };
  await house.say("ada", staging);
  expect(face()).toMatchObject({
    ...{ state: "bad: Stuck", says },
    buttons: ["Logs", "Take back (asks first)"],
  });
  expect(house.card().card.code?.text).toBe(log.join("\n"));
  house.cluster.rollout = { state: "going", says: "2 of 3 ready.", ready: 2 };
  await house.clock.advance(10 * second);
  await house.settle();
  expect(face().state).toBe("busy: Running");
  expect(house.card().card.code).toBeUndefined();
});

test("taking back: the state says so for as long as it lasts, and nothing is left to cancel", async () => {
  house.cluster.rollout = { state: "bad", says: "1.4.2 did not start (exit code 1)." };
  house.cluster.entered = (version) => {
    if (version === "1.4.1") throw new Error("connect ECONNREFUSED 127.0.0.1:6443");
  };
  await house.say("ada", production);
  await house.press("grace", house.card(), "Approve");
  expect(face()).toMatchObject({ state: "busy: Taking back", buttons: ["Logs"] });
  house.cluster.entered = () => {};
  await house.clock.advance(10 * second);
  await house.settle();
  expect(face().state).toBe("bad: Taken back");
});

test("taken back: why, and what runs again", async () => {
  house.cluster.rollout = { state: "bad", says: "1.4.2 did not start (exit code 1)." };
  await house.say("ada", production);
  await house.press("grace", house.card(), "Approve");
  expect(face()).toMatchObject({
    state: "bad: Taken back",
    says: "1.4.2 did not start (exit code 1), so web 1.4.1 runs again in production.",
    buttons: ["Retry", "Logs"],
  });
});

test("parked after a fault: what went wrong, how often, and what one may choose", async () => {
  house.cluster.entered = () => {
    throw new Error("connect ECONNREFUSED 127.0.0.1:6443");
  };
  await house.say("ada", staging);
  for (let i = 0; i < 10; i++) {
    await house.clock.advance(60 * second);
    await house.settle();
  }
  const { state, says, buttons } = face();
  expect(state).toBe("bad: Parked");
  expect(says).toMatch(/(\d+ times).*connect/);
  expect(says).not.toMatch(/Error|undefined|!/);
  expect(buttons[0]).toBe("Try again");
  expect(buttons[1]).toMatch(/^Take back/);
});

test("nothing to do", async () => {
  await house.say("ada", "deploy web 1.4.1 to production");
  expect(face()).toMatchObject({
    state: "good: Nothing to do",
    fields: { "Asked by": "Ada" },
    facts: ["run 1", "0 s"],
  });
  expect(face().says).toBe("Nothing had to change: web 1.4.1 runs in production.");
  expect(face()).not.toHaveProperty("changes");
});

test("cancelled while it waited: by whom, and that nothing changed", async () => {
  await house.say("ada", production);
  await house.say("ada", "cancel 1");
  expect(face()).toMatchObject({
    state: "calm: Cancelled",
    says: "Ada cancelled this. Nothing changed.",
    buttons: ["Retry"],
  });
});

test("cancelled while it ran: it takes back what was done, and says so meanwhile and after", async () => {
  house.cluster.rollout = { state: "going", says: "1 of 3 ready." };
  await house.say("ada", production);
  await house.press("grace", house.card(), "Approve");
  await house.say("grace", "cancel 1");
  await house.clock.advance(10 * second);
  house.cluster.rollout = {};
  await house.settle();
  expect(face().says).toBe("Grace cancelled this, so web 1.4.1 runs again in production.");
  expect(face().state).toMatch(/Cancelled|Taken back/);
});

test("each sentence is plain: no exclamation, no apology, no word of ours", async () => {
  house.cluster.rollout = { state: "going", says: "1 of 3 ready." };
  await house.say("ada", production);
  await house.press("linus", house.card(), "Approve");
  await house.say("grace", "deploy web 1.5.0 to production");
  await house.say("ada", "cancel 1");
  await house.clock.advance(10 * second);
  await house.settle();
  for (const { card } of house.shown()) {
    const text = [
      card.title,
      card.says,
      ...(card.facts ?? []),
      ...Object.values(card.fields ?? {}),
    ];
    expect(text.join(" ")).not.toMatch(
      /!|sorry|\b(lease|projector|epoch|journal|payload|null|undefined|NaN|Infinity)\b/i,
    );
  }
});
