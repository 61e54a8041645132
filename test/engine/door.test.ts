/** The door with everything behind it: what is refused, how, to whom, and that nothing is done twice. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Answer, Intent } from "../../src/core/surface.ts";
import type { Database } from "../../src/store/database.ts";
import { memoryDatabase } from "../databases.ts";
import { type House, openHouse, refusal } from "./house.ts";

let database: Database;
let house: House;
beforeAll(async () => {
  database = await memoryDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  house = await openHouse(database);
});
afterEach(async () => {
  expect(house.trouble).toEqual([]);
  await house.close();
});

const production = "deploy web 1.4.2 to production";
const Audit = z.object({ person: z.string(), did: z.string() });
const audit = () =>
  house.query(Audit, "SELECT person, did FROM shipmate.audit WHERE run IS NULL ORDER BY id");
const runs = async () =>
  (await house.query(z.object({ id: z.string() }), "SELECT id FROM shipmate.runs")).length;
/** How often the audit says that a run was asked for. */
const asked = async () =>
  (await house.query(Audit, "SELECT person, did FROM shipmate.audit WHERE did = 'asked for'"))
    .length;
const buttons = (answer: Answer) =>
  answer.is === "card" ? (answer.card.buttons ?? []).map(({ label }) => label) : [];

/** One sentence or two, no exclamation, and something of use: how every refusal is. */
function isPlain(text: string): void {
  expect(text).not.toMatch(/[!\n]|sorry|please try|undefined|null|\[object/i);
  expect(text).toMatch(/[.?]$/);
  expect(text.length).toBeLessThan(300);
}

describe("who speaks", () => {
  test("somebody unknown is told, alone, how to become known", async () => {
    const answer = await house.say("U666", "help", { surface: "chat" });
    expect(answer).toMatchObject({ is: "card", private: true });
    expect(answer.is === "card" && answer.card.says).toContain("chat: U666");
    expect(house.shown().map(({ to }) => to)).toEqual(["U666"]);
    expect(await audit()).toEqual([{ person: "chat:U666", did: "turned away" }]);
  });

  test("an account is its person on every surface", async () => {
    await house.say("U1", production, { surface: "chat" });
    expect(house.card().card.fields?.["Asked by"]).toBe("Ada");
  });

  test.each(["deploy web 1.4.2 to staging", "status web", "runs", "logs web in staging", "why 1"])(
    "somebody without a team may not say: %s",
    async (text) => {
      const says = refusal(await house.say("mallory", text));
      expect(says).toMatch(/^Only people in a team may do this: ask /);
      isPlain(says);
      expect(await runs()).toBe(0);
      expect(await audit()).toEqual([{ person: "mallory", did: "refused" }]);
    },
  );

  // The door rules after the form yet: take `.fails` away once it rules before.
  test.each(["deploy", "status"])(
    "somebody without a team is not asked for more: %s",
    async (text) => {
      expect(refusal(await house.say("mallory", text))).toMatch(/^Only people in a team/);
    },
  );

  test.each(["whoami", "help", "help deploy"])(
    "somebody without a team may say: %s",
    async (text) => {
      const answer = await house.say("mallory", text);
      expect(answer.is).toBe("card");
      expect(JSON.stringify(answer)).not.toContain("Only people");
    },
  );
});

describe("the nearest right thing stands there as a button that works", () => {
  test.each([
    ["deplyo web 1.4.2 to staging", /^No command "deplyo".*deploy/, "deploy"],
    ["deploy wbe 1.4.2 to staging", /^No service "wbe"\. Did you mean web\?$/, "web"],
    [
      "deploy web 1.4.3 to staging",
      /^No version "1\.4\.3" of web\. Did you mean .*1\.4\.2/,
      "1.4.2",
    ],
    ["deploy web 1.4.2 to stagin", /^No environment "stagin"\. Did you mean staging\?$/, "staging"],
  ])("%s", async (text, says, label) => {
    const told = await house.say("ada", text);
    const title = refusal(told);
    expect(title).toMatch(says);
    isPlain(title);
    const button = buttons(told).find((one) => one.includes(label)) ?? "";
    const [message] = house.shown();
    if (!message) throw new Error("nothing was posted");
    expect(message.to).toBe("ada");
    const clicked = await house.press("ada", message, button);
    expect(clicked.is).toBe("run");
    expect(house.card().card.title).toBe("Deploy web 1.4.2 to staging");
    expect(house.card().card.state?.word).toBe("Succeeded");
  });
});

test("a button that is pressed twice in a row starts one run, and some time later one more", async () => {
  await house.say("ada", "deploy wbe 1.4.2 to staging");
  const card = house.shown()[0];
  if (card === undefined) throw new Error("no card");
  await house.clock.advance(9_000);
  const first = await house.press("ada", card, "web");
  await house.clock.advance(2_000);
  expect(await house.press("ada", card, "web")).toEqual(first);
  expect(await runs()).toBe(1);
  await house.clock.advance(10_000);
  expect(await house.press("ada", card, "web")).not.toEqual(first);
  expect(await runs()).toBe(2);
});

describe("a form", () => {
  const opened = async (text: string) => {
    const answer = await house.say("ada", text);
    if (answer.is !== "form") throw new Error(JSON.stringify(answer));
    return answer.form;
  };
  const submit = (
    button: string,
    values: { [field: string]: string },
    more: Partial<Intent> = {},
  ) =>
    house.enter({
      key: `submit-${Math.random()}`,
      who: { surface: "console", id: "ada" },
      at: { surface: "console", channel: "general" },
      said: { button, values },
      ...more,
    });

  test("asks for what is missing, with what there is, and runs when it is sent", async () => {
    const form = await opened("deploy web");
    const fields = Object.fromEntries(form.fields.map((field) => [field.name, field]));
    expect(fields["service"]?.initial).toBe("web");
    expect(fields["version"]?.choices?.map(({ value }) => value)).toContain("1.4.2");
    const values = { service: "web", version: "1.4.2", environment: "staging" };
    expect((await submit(form.id, values)).is).toBe("run");
    expect(house.card().card.state?.word).toBe("Succeeded");
  });

  test("is all that words bring which ask for one, even where nothing is missing", async () => {
    const answer = await house.enter({
      key: "fill",
      who: { surface: "console", id: "grace" },
      at: { surface: "console", channel: "general" },
      said: { text: "deploy web 1.4.2 to staging", fill: true },
    });
    if (answer.is !== "form") throw new Error(JSON.stringify(answer));
    expect(answer.form.fields.map(({ initial }) => initial)).toEqual(
      expect.arrayContaining(["web", "1.4.2", "staging"]),
    );
    expect(await runs()).toBe(0);
  });

  test("comes back with the error at its field, keeps what was right, and can be sent again", async () => {
    const form = await opened("deploy web");
    const values = { service: "web", version: "1.4.2", environment: "nowhere" };
    const again = await submit(form.id, values);
    if (again.is !== "form") throw new Error(JSON.stringify(again));
    const fields = Object.fromEntries(again.form.fields.map((field) => [field.name, field]));
    expect(fields["environment"]?.error).toMatch(/^No environment "nowhere"\./);
    expect(fields["version"]?.error).toBeUndefined();
    expect(fields["version"]?.initial).toBe("1.4.2");
    expect(await runs()).toBe(0);
    expect((await submit(again.form.id, { ...values, environment: "staging" })).is).toBe("run");
  });

  test("that was sent from another channel than it was opened in does nothing", async () => {
    const form = await opened("deploy web");
    const values = { service: "web", version: "1.4.2", environment: "staging" };
    const at = { surface: "console", channel: "elsewhere" };
    expect(refusal(await submit(form.id, values, { at }))).toMatch(/belongs to another message/);
    expect(await runs()).toBe(0);
  });
});

describe("what is no sentence", () => {
  test("a text of 100 kB is answered with its length, and comes back nowhere", async () => {
    const says = refusal(await house.say("ada", `deploy ${"x".repeat(100_000)}`));
    expect(says).toBe("That is 100,007 characters long; a command has at most 4,000.");
    expect(JSON.stringify(house.shown()).length).toBeLessThan(2_000);
    const rows = await house.query(
      z.object({ size: z.number() }),
      "SELECT length(detail::text) AS size FROM shipmate.audit",
    );
    expect(rows.every(({ size }) => size < 2_000)).toBe(true);
  });

  test.each([
    "deploy \u0000\u0007\u001b[31mweb\u202e 1.4.2 to staging\u0000",
    "\u0000",
    'deploy "we\u0000b" 1.4.2 to staging',
    'reject 1 because "\u001b]8;;http://x\u0007 <!channel> \u202e"',
    "\ud800 deploy",
  ])("control characters are taken for nothing and never come out: %j", async (text) => {
    await house.say("ada", production);
    await house.say("grace", text);
    const all = JSON.stringify(house.shown().map(({ card }) => card));
    // In JSON a control character stands as its escape.
    expect(all).not.toMatch(/\\u00[01][0-9a-f]|\\u007f|[\u202a-\u202e]|\\ud800/);
  });
});

describe("a click", () => {
  test("on another plan's button tells to look again", async () => {
    await house.say("ada", production);
    const old = house.card();
    house.cluster.replicas.set("production/web", 5);
    await house.press("grace", old, "Approve");
    const says = refusal(await house.press("linus", old, "Approve"));
    expect(says).toMatch(/^The plan changed since that card: look at run 1 again/);
    isPlain(says);
  });

  test.each([
    ["in another channel", "grace", { channel: "elsewhere" }],
    ["in another message", "grace", { message: "somewhere else" }],
    ["on another surface", "U1", { surface: "chat" }],
  ])("%s than its button stands in does nothing", async (_, who, more) => {
    await house.say("ada", production);
    const says = refusal(await house.press(who, house.card(), "Approve", more));
    expect(says).toBe(
      "That button belongs to another message. Press it there, or say the command.",
    );
    expect(house.card().card.state?.word).toBe("Waiting for approval");
  });

  test("on a card of which the database does not know where it was posted counts", async () => {
    await house.say("ada", production);
    const shown = house.card();
    await house.database.run("UPDATE shipmate.messages SET ref = NULL WHERE kind = 'root'");
    await house.press("grace", shown, "Approve", { message: "where it was posted" });
    expect(house.card().card.state?.word).not.toBe("Waiting for approval");
  });

  test("on a button that only somebody else may see does nothing", async () => {
    await house.say("ada", "deploy wbe 1.4.2 to staging");
    const [message] = house.shown();
    if (!message) throw new Error("nothing was posted");
    expect(refusal(await house.press("grace", message, "web"))).toMatch(/another message/);
    expect(await runs()).toBe(0);
  });

  test.each(["", "0".repeat(24), "' OR 1=1 --", "x".repeat(100_000), "\u0000"])(
    "with an id that was never given does nothing: %#",
    async (button) => {
      const says = refusal(
        await house.enter({
          key: "tampered",
          who: { surface: "console", id: "ada" },
          at: { surface: "console", channel: "general" },
          said: { button, message: "m1" },
        }),
      );
      expect(says).toBe("That button is not one of mine any more. Say the command again.");
    },
  );

  test("with values that its button does not ask for changes nothing of what the button says", async () => {
    await house.say("ada", "deploy wbe 1.4.2 to staging");
    const [message] = house.shown();
    if (!message) throw new Error("nothing was posted");
    const values = { __proto__: "x", constructor: "y", nothing: "z" };
    await house.press("ada", message, "web", { values });
    expect(house.card().card.title).toBe("Deploy web 1.4.2 to staging");
  });

  test("on what is decided names who decided it", async () => {
    await house.say("ada", production);
    const card = house.card();
    house.cluster.rollout = { state: "going", says: "1 of 3 ready" };
    await house.press("grace", card, "Approve");
    const says = refusal(await house.press("linus", card, "Approve"));
    expect(says).toBe("Grace already approved run 1.");
  });

  test("on what has ended says how", async () => {
    await house.say("ada", production);
    const card = house.card();
    await house.press("grace", card, "Reject");
    const says = refusal(await house.press("linus", card, "Approve"));
    expect(says).toMatch(/^Run 1 has ended \(rejected\): Grace rejected this\./);
  });
});

describe("the same intent", () => {
  const intent: Intent = {
    key: "once",
    who: { surface: "console", id: "ada" },
    at: { surface: "console", channel: "general" },
    said: { text: "deploy web 1.4.2 to staging" },
  };

  test("twice is one run and one answer", async () => {
    expect(await house.door.store(intent)).toBe("new");
    expect(await house.door.store(intent)).toBe("seen");
    const both = [house.door.enter("once", "console"), house.door.enter("once", "console")];
    const answers = (await Promise.all(both)).map(({ is }) => is);
    expect(answers).toContain("run");
    await house.settle();
    expect(await house.door.enter("once", "console")).toEqual({ is: "seen" });
    expect(await runs()).toBe(1);
    expect(house.shown()).toHaveLength(1);
    expect(house.cluster.keys).toHaveLength(1);
  });

  test("after a crash between its run and its answer is still one run", async () => {
    await house.door.store(intent);
    await house.door.enter("once", "console");
    await database.run("UPDATE shipmate.inbox SET done_at = NULL, answer = NULL");
    expect(await house.door.takeUp(0)).toBe(1);
    await house.settle();
    expect(await runs()).toBe(1);
    expect(house.shown()).toHaveLength(1);
    expect(house.cluster.keys).toHaveLength(1);
  });

  // `start` appends its row whether or not the run is new yet: take `.fails` away once it asks.
  test("handled again after a crash is asked for once in the audit", async () => {
    await house.door.store(intent);
    await house.door.enter("once", "console");
    await database.run("UPDATE shipmate.inbox SET done_at = NULL, answer = NULL");
    await house.door.takeUp(0);
    expect(await asked()).toBe(1);
  });

  test("with a refusal is told once, however often it is handled", async () => {
    const no = { ...intent, said: { text: "deploy wbe 1.4.2 to staging" } };
    await house.door.store(no);
    await house.door.enter("once", "console");
    await database.run("UPDATE shipmate.inbox SET done_at = NULL, answer = NULL");
    await house.door.takeUp(0);
    await house.settle();
    expect(house.shown()).toHaveLength(1);
  });

  test("of a vote, handled again after a crash, counts once", async () => {
    await house.say("ada", production);
    house.cluster.rollout = { state: "going", says: "1 of 3 ready" };
    await house.press("grace", house.card(), "Approve", { key: "vote" });
    await database.run(
      "UPDATE shipmate.inbox SET done_at = NULL, answer = NULL WHERE key = 'vote'",
    );
    await house.door.takeUp(0);
    await house.settle();
    const votes = await house.query(
      z.object({ n: z.number() }),
      "SELECT count(*)::int AS n FROM shipmate.votes",
    );
    expect(votes).toEqual([{ n: 1 }]);
  });

  test("that was stored and never handled is taken up", async () => {
    await house.door.store(intent);
    expect(await house.door.takeUp(10_000), "it may be under way").toBe(0);
    await house.clock.advance(10_000);
    expect(await house.door.takeUp(10_000)).toBe(1);
    await house.settle();
    expect(await runs()).toBe(1);
    expect(await house.door.takeUp(0)).toBe(0);
  });

  test("whose form nobody waits for any more becomes a card with a button to fill it in", async () => {
    await house.door.store({ ...intent, said: { text: "deploy web" } });
    expect(await house.door.takeUp(0)).toBe(1);
    await house.settle();
    const [told] = house.shown();
    expect(told).toMatchObject({
      to: "ada",
      card: { title: expect.stringMatching(/^Something is missing to deploy/) },
    });
    if (!told) throw new Error("nothing was posted");
    expect((await house.press("ada", told, "Fill it in")).is).toBe("form");
  });
});
