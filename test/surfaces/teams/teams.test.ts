import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Answer, Intent, Place } from "../../../src/core/surface.ts";
import { Gone, Patience } from "../../../src/core/surface.ts";
import { bearable } from "../../../src/surfaces/teams/answers.ts";
import type { Teams, TeamsConfig } from "../../../src/surfaces/teams/teams.ts";
import { teams } from "../../../src/surfaces/teams/teams.ts";
import { cards, deployForm } from "../../cards.ts";
import { faultsOfCard, faultsOfDialog } from "../adaptive/limits.ts";
import { type RecordingDoor, recordingDoor } from "../slack/door.ts";
import { anotherKey } from "./issuer.ts";
import { dialogOf, labels, type TeamsPerson, teamsPerson } from "./teams-person.ts";
import {
  general,
  group,
  type TeamsMessage,
  type TeamsServer,
  teamsServer,
} from "./teams-server.ts";

const place: Place = { surface: "teams", channel: group };
const channel: Place = { surface: "teams", channel: general };
const never = new AbortController().signal;

let server: TeamsServer;
let surface: Teams;
let web: Server;
let door: RecordingDoor;
let logged: string[];
let ada: TeamsPerson;
let url: string;

beforeEach(async () => {
  server = await teamsServer();
  await open(recordingDoor());
});

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await shut();
  await server.close();
});

describe("what is said", () => {
  test("with a mention in a group chat is stored as words, where and by whom, and then entered", async () => {
    const ack = await ada.mentions("deploy web 1.4.2 to production", group);
    expect(ack).toMatchObject({ status: 200, body: "" });
    expect(door.stored).toEqual([
      {
        key: expect.stringMatching(/^message:19:group@thread.v2:\d+$/),
        who: { surface: "teams", id: ada.account },
        at: place,
        said: { text: "deploy web 1.4.2 to production" },
      },
    ]);
    await soon(() => door.entered.length === 1);
  });

  test("in a channel has a thread: the post that it began, or the one that it answers", async () => {
    await ada.mentions("status", general, { id: "1700000000001" });
    await ada.mentions("status", general, { thread: "1700000000001" });
    const at = { ...channel, thread: "1700000000001" };
    expect(door.stored.map((intent) => intent.at)).toEqual([at, at]);
  });

  test("to the app alone needs no mention", async () => {
    await ada.writes("status of web");
    expect(door.stored[0]).toMatchObject({
      at: { surface: "teams", channel: ada.chat },
      said: { text: "status of web" },
    });
    await ada.mentions("", group);
    expect(texts().at(-1)).toBe("help");
  });

  test("is taken without Teams' markup, and with every character that was meant", async () => {
    const said = [
      ["deploy&nbsp;web &lt;b&gt;1.4.2&lt;/b&gt; &amp;amp;", "deploy web <b>1.4.2</b> &amp;"],
      ["ask <at>Grace Hopper</at> about web", "ask Grace Hopper about web"],
      ["deploy \u202Eweb\u200B 1.4.2", "deploy web 1.4.2"],
      ["say \u201Chello\u201D \u2014force", 'say "hello" --force'],
      ["فعّل web 1.4.2", "فعّل web 1.4.2"],
    ] as const;
    for (const [typed] of said) await ada.mentions(typed, group);
    expect(texts()).toEqual(said.map(([, meant]) => meant));
  });

  test("of 100 kB is stored and acknowledged, and a body over one megabyte is refused", async () => {
    const long = "x".repeat(100_000);
    expect((await ada.writes(`deploy ${long}`)).status).toBe(200);
    expect(texts()).toEqual([`deploy ${long}`]);
    expect((await ada.writes("x".repeat(1_100_000))).status).toBe(413);
    expect(door.stored).toHaveLength(1);
  });

  test("twice by the same event is acknowledged twice and entered once", async () => {
    for (let at = 0; at < 3; at += 1)
      expect((await ada.writes("deploy web", { id: "same" })).status).toBe(200);
    expect(door.stored).toHaveLength(1);
    expect(door.entered).toHaveLength(1);
  });

  test("is acknowledged only after it is stored", async () => {
    await reopen(recordingDoor({ wait: 150 }));
    expect((await ada.writes("deploy web")).took).toBeGreaterThan(145);
    await soon(() => door.entered.length === 1);
    expect(door.order.slice(0, 3)).toEqual(["store", "stored", "enter"]);
  });

  test("by bots, and reactions and joinings, is no command", async () => {
    const bot = { from: { id: "28:another", name: "Bot", role: "bot" } };
    await ada.writes("deploy web", { activity: bot });
    await ada.sends({ type: "messageReaction", reactionsAdded: [{ type: "like" }] }, group);
    await ada.sends({ type: "conversationUpdate", membersAdded: [{ id: server.bot }] }, general);
    await ada.sends({ type: "messageUpdate", text: "deploy web" }, group);
    expect(door.order).toEqual([]);
  });

  test("while the database is away is not taken, and whoever said it is told so", async () => {
    await reopen(recordingDoor({ broken: () => true }));
    expect((await ada.writes("deploy web")).status).toBe(503);
    expect((await server.sees(({ text }) => text !== "")).text).toContain("Try again in a minute");
    const card = await posted(place, cards.waiting);
    expect((await ada.presses("Approve", card)).body).toMatchObject({ statusCode: 500 });
    expect(door.entered).toEqual([]);
  });
});

describe("a request gets 401 and leaves no trace", () => {
  // The library that reads tokens tells each key that did not fit.
  beforeEach(() => void vi.spyOn(console, "error").mockReturnValue(undefined));
  const seconds = Math.floor(Date.now() / 1000);
  test.each([
    ["signed with another key", () => ({ key: anotherKey() })],
    ["without a token", () => ({ authorization: "" })],
    ["with something else for a token", () => ({ authorization: "Bearer a.b.c" })],
    ["for another app", () => ({ claims: { aud: "another" } })],
    ["of another issuer", () => ({ claims: { iss: "https://api.botframework.com" } })],
    ["that expired", () => ({ claims: { nbf: seconds - 7200, exp: seconds - 301 } })],
    ["that is not valid yet", () => ({ claims: { nbf: seconds + 3600, exp: seconds + 7200 } })],
    ["with another service URL in its token", () => ({ claims: { serviceurl: "https://x/" } })],
    ["without a service URL in its token", () => ({ claims: { serviceurl: undefined } })],
    [
      "whose service URL is not Microsoft's",
      () => ({
        activity: { serviceUrl: "https://evil.example/teams/" },
        claims: { serviceurl: "https://evil.example/teams/" },
      }),
    ],
    [
      "whose service URL only looks like Microsoft's",
      () => ({
        activity: { serviceUrl: "https://evil.trafficmanager.net/" },
        claims: { serviceurl: "https://evil.trafficmanager.net/" },
      }),
    ],
    ["of a channel that is not Teams", () => ({ activity: { channelId: "AseChannel" } })],
    ["of the emulator", () => ({ activity: { channelId: "emulator" } })],
  ])("%s", async (_, odd) => {
    expect((await ada.writes("deploy web", odd() as object)).status).toBe(401);
    expect(door.order).toEqual([]);
    expect(server.asked.filter(({ kind }) => kind !== "keys" && kind !== "token")).toEqual([]);
  });

  test("and what is no JSON 400, another path 404", async () => {
    expect((await fetch(url, { method: "POST", body: "{" })).status).toBe(400);
    expect((await fetch(`${url}/x`, { method: "POST", body: "{}" })).status).toBe(404);
    expect((await fetch(url)).status).toBe(404);
  });

  test("but 503 where the keys can't be read, so that nobody is called a forger for it", async () => {
    const other = await teamsServer();
    await shut();
    await open(recordingDoor(), { issuer: other.settings.issuer });
    other.next("keys", { status: 500 });
    const honest = { claims: { iss: other.signs.name } };
    expect((await ada.writes("deploy web", honest)).status).toBe(503);
    await other.close();
  });
});

describe("it does not start", () => {
  const base = { host: "127.0.0.1", log: () => {} };
  const app = { id: "a", password: "p", tenant: "t", type: "SingleTenant" as const };
  const config: { readonly [what: string]: TeamsConfig } = {
    "without an app id": base,
    "unsigned where others reach it": { ...base, host: "0.0.0.0", allowUnauthenticated: true },
    "both signed and unsigned": { ...base, app, allowUnauthenticated: true },
    "with an issuer elsewhere": {
      ...base,
      app,
      issuer: { name: "me", metadata: "https://evil.example/keys" },
    },
    "with a login elsewhere": { ...base, app, loginUrl: "https://evil.example/" },
    "with a service URL elsewhere": { ...base, app, serviceUrl: "https://evil.example/" },
    "without a password": { ...base, app: { id: "a", tenant: "t", type: "SingleTenant" } },
  };
  test.each(Object.entries(config))("%s", (_, one) => {
    expect(() => teams(one, recordingDoor())).toThrow(/\.$/);
  });

  test("but unsigned on this machine, for people of this machine alone", async () => {
    await shut();
    const { serviceUrl } = server.settings;
    await open(recordingDoor(), { allowUnauthenticated: true, serviceUrl });
    expect((await ada.writes("status", { authorization: "" })).status).toBe(200);
    const elsewhere = { activity: { serviceUrl: "https://smba.example/" }, authorization: "" };
    expect((await ada.writes("status", elsewhere)).status).toBe(401);
    expect(texts()).toEqual(["status"]);
  });
});

describe("somebody from outside is turned away and told so:", () => {
  const outsiders = {
    "a guest": { role: "guest" },
    "somebody of another organisation": { tenant: "22222222-2222-4222-8222-222222222222" },
  } as const;
  test.each(Object.entries(outsiders))("%s", async (name, more) => {
    const mallory = teamsPerson(server, name, url, more);
    await turnedAway(mallory);
  });

  test("whose conversation is another organisation's", async () => {
    const tenant = { id: "22222222-2222-4222-8222-222222222222" };
    await turnedAway(ada, { activity: { channelData: { tenant } } });
  });

  test("whoever left", async () => {
    server.leaves(ada);
    await turnedAway(ada);
  });

  test("whom Teams names no account of", async () => {
    await turnedAway(ada, { activity: { from: { id: "29:x", name: "Anonymous" } } });
  });

  test("and where Teams does not say who it is, nothing is taken", async () => {
    server.next("member", { status: 500 });
    expect((await ada.writes("deploy web")).status).toBe(503);
    expect(door.order).toEqual([]);
    expect((await ada.writes("deploy web")).status).toBe(200);
    expect(door.stored).toHaveLength(1);
  });

  async function turnedAway(person: TeamsPerson, odd: object = {}): Promise<void> {
    expect((await person.mentions("deploy web", group, odd)).status).toBe(200);
    const told = await server.sees(({ text }) => text !== "");
    expect(told.text).toContain("Only people of the organisation");
    const card = await posted(place, cards.waiting);
    const execute = await person.presses("Approve", card, odd);
    expect(execute.body).toMatchObject({ statusCode: 403 });
    await person.presses("Approve", card, { ...odd, old: true });
    expect(door.order).toEqual([]);
  }
});

describe("a click", () => {
  test.each([
    ["of a client with universal actions", false],
    ["of an older client", true],
  ])("%s carries the button's id and nothing else", async (_, old) => {
    const card = await posted(place, cards.waiting);
    await ada.presses("Approve", card, { old });
    expect(door.stored).toMatchObject([{ at: place, said: { button: "approve-1" } }]);
    await ada.presses("Roll back", await posted(place, cards.succeeded), { old });
    expect(door.stored[1]?.said).toEqual({ button: "roll-back-1" });
  });

  test("is answered with what came of it, and the card stays as it is", async () => {
    await reopen(recordingDoor({ answer: refusing("Only payments may deploy to production.") }));
    const ack = await ada.presses("Approve", await posted(place, cards.waiting));
    expect(ack).toMatchObject({
      status: 200,
      body: {
        statusCode: 200,
        type: "application/vnd.microsoft.activity.message",
        value: "Only payments may deploy to production.",
      },
    });
  });

  test("is answered in time, however long it takes, and goes on", async () => {
    expect(bearable).toBeLessThan(3_000);
    const slow = slowDoor();
    await reopen(slow, { answerIn: 50 });
    const ack = await ada.presses("Approve", await posted(place, cards.waiting));
    expect(ack.body).toMatchObject({ value: expect.stringContaining("The card changes") });
    expect(slow.ended()).toBe(0);
    slow.end();
    await soon(() => slow.ended() === 1);
  });

  test("is answered in a time that began when it came, not when it was known who pressed", async () => {
    await reopen(slowDoor(), { answerIn: 600_000 });
    const card = await posted(place, cards.waiting);
    const clock = vi.spyOn(performance, "now");
    server.next("member", { first: () => clock.mockReturnValue(performance.now() + 700_000) });
    const ack = await ada.presses("Approve", card);
    expect(ack.body).toMatchObject({ value: expect.stringContaining("The card changes") });
  });

  test("twice by the same event is one", async () => {
    const card = await posted(place, cards.waiting);
    await ada.presses("Approve", card, { id: "f:1" });
    await ada.presses("Approve", card, { id: "f:1" });
    expect(door.entered).toHaveLength(1);
  });

  test("in a thread of a channel is a click in that thread", async () => {
    const root = await posted(channel, cards.planning);
    const reply = await posted({ ...channel, thread: root.id }, cards.waiting);
    await ada.presses("Approve", reply);
    expect(door.stored[0]?.at).toEqual({ ...channel, thread: root.id });
  });
});

describe("a form", () => {
  test("after words comes as a dialog behind a button, for whoever presses it", async () => {
    await reopen(recordingDoor({ answer: formFor("deploy web") }));
    await ada.mentions("deploy web", group);
    const offer = await server.sees(({ card }) => labels(card).includes("Fill it in"));
    const grace = teamsPerson(server, "grace", url);
    const ack = await grace.presses("Fill it in", offer);
    expect(faultsOfDialog(ack.body)).toEqual([]);
    expect(door.stored.map(({ who, said }) => [who.id, said])).toEqual([
      [ada.account, { text: "deploy web" }],
      [grace.account, { text: "deploy web", fill: true }],
    ]);
    const sent = await grace.fills(ack, { version: "1.4.2", environment: "staging" }, offer);
    expect(sent).toMatchObject({ status: 200, body: {} });
    expect(door.stored[2]).toMatchObject({
      who: { id: grace.account },
      at: place,
      said: {
        button: "form-1",
        values: { service: "web", version: "1.4.2", environment: "staging", wait: true },
      },
    });
  });

  test("shows what is wrong at its fields, keeps what was filled in, and stores nothing", async () => {
    const check = (command: string, values: { readonly [field: string]: unknown }) =>
      command === "deploy" && values["version"] === "1.4.2"
        ? {}
        : { version: "That is not a version.", nowhere: "And this belongs nowhere." };
    await reopen(recordingDoor({ answer: formFor("deploy web"), check }));
    await ada.mentions("deploy web", group);
    const offer = await server.sees(({ card }) => labels(card).includes("Fill it in"));
    const first = await ada.presses("Fill it in", offer);
    const wrong = await ada.fills(first, { version: "nope", environment: "staging" }, offer);
    expect(faultsOfDialog(wrong.body)).toEqual([]);
    const shown = JSON.stringify(dialogOf(wrong));
    expect(shown).toContain("That is not a version.");
    expect(shown).toContain("And this belongs nowhere.");
    expect(shown).toContain('"value":"nope"');
    expect(door.stored).toHaveLength(2);
    await ada.fills(wrong, { version: "1.4.2" }, offer);
    expect(door.stored).toHaveLength(3);
    expect(door.stored[2]?.said).toMatchObject({ values: { environment: "staging" } });
  });

  test("after a click comes in the card, for the one who clicked", async () => {
    await reopen(recordingDoor({ answer: formFor(undefined) }));
    const card = await posted(place, cards.waiting);
    const ack = await ada.presses("Reject", card);
    const { value } = ack.body as { readonly value: object };
    expect(faultsOfCard(value)).toEqual([]);
    await ada.fills(ack, { version: "1.4.2", environment: "staging" }, card);
    expect(door.stored[1]?.said).toMatchObject({ button: "form-1" });
    expect(server.edits(group)).toBe(0);
  });

  test("after an older client's click comes as a dialog behind a button, too", async () => {
    await reopen(recordingDoor({ answer: formFor(undefined) }));
    await ada.presses("Reject", await posted(place, cards.waiting), { old: true });
    const offer = await server.sees(({ card }) => labels(card).includes("Fill it in"));
    const ack = await ada.presses("Fill it in", offer);
    expect(door.stored).toHaveLength(1);
    await ada.fills(ack, { version: "1.4.2", environment: "staging" }, offer);
    expect(door.stored[1]?.said).toMatchObject({ button: "form-1" });
  });

  test("in a card, sent wrong by an older client, comes back as a dialog behind a button", async () => {
    const check = () => ({ version: "That is not a version." });
    await reopen(recordingDoor({ answer: formFor(undefined), check }));
    const card = await posted(place, cards.waiting);
    const ack = await ada.presses("Reject", card);
    const { value } = ack.body as { readonly value: TeamsMessage["card"] };
    await ada.presses("Deploy", { ...card, card: value }, { old: true, inputs: { version: "x" } });
    const offer = await server.sees((message) => labels(message.card).includes("Fill it in"));
    const again = await ada.presses("Fill it in", offer);
    expect(JSON.stringify(dialogOf(again))).toContain("That is not a version.");
    expect(door.stored).toHaveLength(1);
  });

  test("that is not ready in time is waited for in the dialog", async () => {
    const slow = slowDoor(() => ({ is: "form", form: deployForm }));
    await reopen(slow, { answerIn: 50 });
    await surface.post(place, { id: "m1", card: cards.planning }, never);
    const at = await server.sees(() => true);
    const fetch = { type: "invoke", name: "task/fetch" };
    const value = { data: { shipmate: { say: "deploy web" }, msteams: { type: "task/fetch" } } };
    const interim = await ada.sends({ ...fetch, value }, group);
    expect(slow.ended()).toBe(0);
    expect(faultsOfDialog(interim.body)).toEqual([]);
    slow.end();
    await soon(() => slow.ended() === 1);
    const ready = await ada.fills(interim, {}, at);
    expect(JSON.stringify(ready.body)).toContain("Which version of web");
  });
});

describe("a message", () => {
  test.each([
    ["a group chat", place],
    ["a channel", channel],
    ["a person's chat, by their account", undefined],
  ])("in %s is posted once and changed in place", async (_, where) => {
    const at = where ?? { surface: "teams", channel: ada.account };
    const ref = await surface.post(at, { id: "m1", card: cards.planning }, never);
    await surface.edit(at, ref, { id: "m1", card: cards.succeeded }, never);
    expect(server.messages).toHaveLength(1);
    expect(server.messages[0]?.edits).toBe(1);
    expect(server.messages[0]?.summary).toContain(
      "web 1\\.4\\.2 runs in production.".replaceAll("\\", ""),
    );
    expect(server.refused).toEqual([]);
  });

  test("in a thread stands in it, whether Teams or our own reference names it", async () => {
    const ref = await surface.post(channel, { id: "m1", card: cards.running }, never);
    const root = server.messages[0]?.id ?? "";
    await surface.post({ ...channel, thread: ref }, { id: "m2", card: cards.running }, never);
    const second = await surface.post(
      { ...channel, thread: root },
      { id: "m3", card: cards.running },
      never,
    );
    await surface.post({ ...channel, thread: second }, { id: "m4", card: cards.running }, never);
    expect(server.messages.map((one) => one.root)).toEqual([root, root, root, root]);
  });

  test("for one person goes into their chat with the app", async () => {
    const message = { id: "m1", card: cards.waiting, to: ada.account };
    const ref = await surface.post(channel, message, never);
    expect(server.messages).toMatchObject([{ channel: ada.chat }]);
    await surface.edit(channel, ref, { ...message, card: cards.rejected }, never);
    expect(server.messages[0]?.edits).toBe(1);
    expect(ref.startsWith(`${ada.chat}:`)).toBe(true);
  });

  test("for somebody whom the app can't reach alone is not shown to all: they are told where to ask", async () => {
    server.blocks(ada);
    const message = { id: "m1", card: cards.waiting, to: ada.account };
    const ref = await surface.post(place, message, never);
    const shown = JSON.stringify(server.messages);
    expect(shown).toContain("There is an answer for you alone");
    expect(shown).not.toContain("Approve");
    expect(server.mentions()).toEqual([ada.mri]);
    await expect(surface.edit(place, ref, message, never)).rejects.toThrow(Gone);
  });

  test("goes where the conversation was last heard from, else where its reference says", async () => {
    const ref = await surface.post(place, { id: "m1", card: cards.planning }, never);
    server.move("emea");
    await expect(
      surface.edit(place, ref, { id: "m1", card: cards.running }, never),
    ).rejects.toThrow();
    await ada.mentions("status", group);
    await surface.edit(place, ref, { id: "m1", card: cards.running }, never);
    expect(server.messages[0]?.edits).toBe(1);
    const late = await surface.post(place, { id: "m2", card: cards.running }, never);
    await shut();
    await open(recordingDoor());
    await surface.edit(place, late, { id: "m2", card: cards.succeeded }, never);
    expect(server.messages[1]?.edits).toBe(1);
  });

  test("calls those whom it names when it is posted, and nobody when it is changed", async () => {
    const gone = teamsPerson(server, "gone", url);
    server.leaves(gone);
    const calling = { id: "m1", card: cards.waiting, calls: [ada.account, gone.account] };
    const ref = await surface.post(place, calling, never);
    expect(server.mentions()).toEqual([ada.mri]);
    expect(JSON.stringify(server.messages[0]?.card)).toContain('"text":"<at>ada</at>"');
    await surface.edit(place, ref, calling, never);
    expect(server.mentions()).toEqual([]);
  });

  test("of any size and any text is one that Teams takes, and calls nobody", async () => {
    const evil = "<at>everyone</at> **b** \u202E\u200B {{DATE(2026-01-01)}} ".repeat(2_000);
    const card = {
      ...{ title: evil, says: evil, code: { text: evil }, facts: [evil] },
      fields: { [evil]: evil },
      changes: [{ what: evil, from: evil, to: evil }],
      buttons: [{ id: "b1", label: evil, confirm: evil }],
    };
    const ref = await surface.post(place, { id: "m1", card }, never);
    await surface.edit(place, ref, { id: "m1", card, form: deployForm }, never);
    expect(server.refused).toEqual([]);
    expect(server.mentions()).toEqual([]);
  });

  test("that Teams finds too big after all is drawn smaller at once", async () => {
    server.next("post", { status: 413, code: "MessageSizeTooBig" });
    const code = { text: "a line of a log\n".repeat(10_000) };
    await surface.post(place, { id: "m1", card: { ...cards.stuck, code } }, never);
    expect(server.posts(group)).toBe(1);
    expect(faultsOfCard(server.messages[0]?.card, 28_000)).toEqual([]);
  });
});

describe("a text that is too long for a card", () => {
  const code = { text: `begin\n${"a line of a log\n".repeat(10_000)}end` };
  const offered = async () => {
    await ada.writes("logs web");
    const at = { surface: "teams", channel: ada.chat };
    await surface.post(at, { id: "m1", card: { ...cards.stuck, code } }, never);
    return await server.sees(({ attached }) => attached.length > 0);
  };
  const answer = (action: string, offer: TeamsMessage, uploadUrl = server.room("f1")) => {
    const context = offer.attached[0]?.content["acceptContext"];
    const uploadInfo = {
      uploadUrl,
      contentUrl: `${uploadUrl}.txt`,
      uniqueId: "u1",
      fileType: "txt",
    };
    const value = { type: "fileUpload", action, context, uploadInfo };
    return { type: "invoke", name: "fileConsent/invoke", replyToId: offer.id, value };
  };

  test("shows its end and is offered as a file in a person's own chat, and handed over when accepted", async () => {
    const offer = await offered();
    expect(offer.attached[0]).toMatchObject({ name: "Deploy-web-1.5.0-to-production.txt" });
    await ada.sends(answer("accept", offer), ada.chat);
    await soon(() => !server.messages.includes(offer));
    expect(server.uploads.get(server.room("f1"))).toBe(code.text);
    expect(server.messages.at(-1)?.attached[0]?.content).toEqual({
      uniqueId: "u1",
      fileType: "txt",
    });
  });

  test("is handed to nobody else, and nowhere but to OneDrive", async () => {
    const offer = await offered();
    const mallory = teamsPerson(server, "mallory", url);
    await mallory.sends(answer("accept", offer, server.room("f2")), mallory.chat);
    await ada.sends(answer("accept", offer, "https://evil.example/upload"), ada.chat);
    await soon(() => server.messages.filter(({ text }) => text !== "").length === 2);
    expect(server.uploads.size).toBe(0);
  });

  test("is thrown away when declined", async () => {
    const offer = await offered();
    await ada.sends(answer("decline", offer), ada.chat);
    await soon(() => !server.messages.includes(offer));
    expect(server.uploads.size).toBe(0);
  });

  test("in a group is said to be only the end of it, and where all of it can be had", async () => {
    await surface.post(place, { id: "m1", card: { ...cards.stuck, code } }, never);
    expect(server.messages).toHaveLength(1);
    expect(JSON.stringify(server.messages[0]?.card)).toContain("the text is only the end of it");
    expect(JSON.stringify(server.messages[0]?.card)).toContain("say it to Shipmate alone");
    await surface.post(place, { id: "m2", card: cards.stuck }, never);
    expect(JSON.stringify(server.messages[1]?.card)).not.toContain("Shipmate alone");
  });
});

describe("buttons for some readers", () => {
  const aimed = (...people: readonly TeamsPerson[]) => ({
    ...cards.waiting,
    buttons: [
      { id: "approve-1", label: "Approve", primary: true, for: people.map((one) => one.account) },
      { id: "why-1", label: "Why" },
    ],
  });

  test("are seen by those, and others see the rest", async () => {
    const grace = teamsPerson(server, "grace", url);
    const card = await posted(place, aimed(grace));
    expect(card.card?.refresh?.userIds).toEqual([grace.mri]);
    expect(labels(card.card)).toEqual(["Why"]);
    const hers = await grace.looksAt(card);
    expect(labels(hers)).toEqual(["Approve", "Why"]);
    expect(faultsOfCard(hers)).toEqual([]);
    expect(labels(await ada.looksAt(card))).toEqual(["Why"]);
    await grace.presses("Approve", { ...card, card: hers });
    expect(door.stored[0]?.said).toEqual({ button: "approve-1" });
  });

  test("are there at once in one's own chat, in every client, and only what is one's own", async () => {
    const grace = teamsPerson(server, "grace", url);
    for (const person of [ada, grace]) await person.writes("status");
    for (const { chat: channel, name } of [ada, grace])
      await surface.post(
        { surface: "teams", channel },
        { id: `m-${name}`, card: aimed(grace) },
        never,
      );
    const [here, hers] = [ada, grace].map(({ chat }) =>
      server.messages.find(({ channel }) => channel === chat),
    );
    expect(labels(here?.card)).toEqual(["Why"]);
    expect(labels(hers?.card)).toEqual(["Approve", "Why"]);
  });

  test("are pruned when somebody need not be asked any more", async () => {
    const grace = teamsPerson(server, "grace", url);
    const linus = teamsPerson(server, "linus", url);
    const ref = await surface.post(place, { id: "m1", card: aimed(grace, linus) }, never);
    expect(server.messages[0]?.card?.refresh?.userIds).toEqual([grace.mri, linus.mri]);
    await surface.edit(place, ref, { id: "m1", card: aimed(linus) }, never);
    expect(server.messages[0]?.card?.refresh?.userIds).toEqual([linus.mri]);
    await surface.edit(place, ref, { id: "m1", card: cards.succeeded }, never);
    expect(server.messages[0]?.card?.refresh).toBeUndefined();
  });

  test("name nobody who left, and whoever left is shown nothing", async () => {
    const grace = teamsPerson(server, "grace", url);
    const linus = teamsPerson(server, "linus", url);
    const card = await posted(place, aimed(grace, linus));
    server.leaves(grace);
    expect(await grace.looksAt(card)).toMatchObject({ code: "Forbidden" });
    const other: Place = { surface: "teams", channel: general };
    const next = await posted(other, aimed(grace, linus));
    expect(next.card?.refresh?.userIds).toEqual([linus.mri]);
  });

  test("are at most for 60, and for more they are shown to everybody", async () => {
    const many = Array.from({ length: 61 }, (_, at) => teamsPerson(server, `p${at}`, url));
    const card = await posted(place, aimed(...many));
    expect(labels(card.card)).toEqual(["Approve", "Why"]);
    const fewer = await posted(place, aimed(...many.slice(0, 60)));
    expect(fewer.card?.refresh?.userIds).toHaveLength(60);
  });

  test("are shown to everybody where Teams does not say who is there", async () => {
    const grace = teamsPerson(server, "grace", url);
    server.next("members", { status: 500 });
    expect(labels((await posted(place, aimed(grace))).card)).toEqual(["Approve", "Why"]);
  });
});

test("nobody is called in a chat that they are not in", async () => {
  await ada.writes("deploy web");
  const grace = server.person("grace");
  const own = { surface: "teams", channel: ada.chat };
  const call = (calls: readonly string[]) =>
    surface.post(own, { id: "m1", card: cards.running, calls }, never);
  await expect(call([grace.account])).rejects.toThrow(Gone);
  await call([ada.account]);
  expect(server.posts(ada.chat)).toBe(1);
});

describe("a lost answer to a post makes no second message:", () => {
  test("it is found as soon as somebody's client shows it", async () => {
    await ada.mentions("deploy web", group);
    server.next("post", "lost");
    const message = { id: "m1", card: cards.running };
    await expect(surface.post(place, message, never)).rejects.toThrow();
    const shown = await server.sees(({ summary }) => summary !== "");
    const [found] = await Promise.all([
      surface.find?.(place, "m1", never),
      ada.looksAt(shown).then((card) => expect(labels(card)).toEqual(["Logs", "Cancel"])),
    ]);
    await surface.edit(place, found ?? "", message, never);
    expect(server.posts(group)).toBe(1);
    expect(shown.edits).toBe(1);
  });

  test("where nobody spoke of late, some who belong there are asked to look", async () => {
    const [first] = [await posted({ surface: "teams", channel: general }, cards.running)];
    expect(first.card?.refresh?.userIds).toContain(ada.mri);
  });

  test("where Teams does not say who belongs there, it is asked again before anything is posted", async () => {
    const at = { surface: "teams", channel: "19:unknown@thread.v2" };
    const post = () => surface.post(at, { id: "m1", card: cards.running }, never);
    for (const status of [500, 502, 503]) {
      server.next("members", { status });
      await expect(post()).rejects.toThrow();
    }
    expect(server.messages).toEqual([]);
    server.next("members", { status: 500 });
    await post();
    expect(server.messages).toHaveLength(1);
  });

  test("where nobody looked in time, the one too many is deleted as soon as somebody does", async () => {
    let counts: string | undefined;
    await reopen(recordingDoor({ stands: (_id, _at, ref) => counts ?? ref }));
    await ada.mentions("deploy web", group);
    server.next("post", "lost");
    const message = { id: "m1", card: cards.running };
    await expect(surface.post(place, message, never)).rejects.toThrow();
    expect(await surface.find?.(place, "m1", AbortSignal.timeout(50))).toBeUndefined();
    counts = await surface.post(place, message, never);
    const [first, second] = server.messages;
    if (!first || !second) throw new Error("both stand there");
    await ada.looksAt(second);
    await ada.looksAt(first);
    await soon(() => server.messages.length === 1);
    expect(server.messages).toEqual([second]);
  });

  test("one that was certainly refused is not waited for", async () => {
    server.next("post", { status: 429, retryAfter: 1 });
    await expect(surface.post(place, { id: "m1", card: cards.running }, never)).rejects.toThrow();
    // Whoever waited now would wait forever.
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    expect(await surface.find?.(place, "m1", never)).toBeUndefined();
  });
});

describe("a Teams that is not well", () => {
  test("is asked once for each try", async () => {
    const faults = ["lost", { status: 500 }, { status: 502 }, { status: 504 }] as const;
    for (const fault of faults) {
      server.next("post", fault);
      const post = surface.post(place, { id: "m1", card: cards.running }, never);
      await expect(post).rejects.toSatisfy((it) => !(it instanceof Patience || it instanceof Gone));
    }
    expect(server.asked.filter(({ kind }) => kind === "post")).toHaveLength(4);
    expect(server.posts(group)).toBe(1);
  });

  test("and asks for patience gets it, with its own time", async () => {
    server.next("post", { status: 429, retryAfter: 17 });
    const post = surface.post(place, { id: "m1", card: cards.running }, never);
    await expect(post).rejects.toSatisfy(
      (it) => it instanceof Patience && it.wait >= 17_000 && it.wait <= 21_250,
    );
  });

  test("is given ever more time for a change after 412, 502 and 504, and a spread of it", async () => {
    const ref = await surface.post(place, { id: "m1", card: cards.running }, never);
    const waits: number[] = [];
    for (const status of [412, 502, 504, 412, 412]) {
      server.next("edit", { status });
      const edit = surface.edit(place, ref, { id: "m1", card: cards.running }, never);
      await edit.catch((error: unknown) => error instanceof Patience && waits.push(error.wait));
    }
    expect(waits).toHaveLength(5);
    for (const [at, base] of [2, 4, 8, 16, 20].entries()) {
      expect(waits[at]).toBeGreaterThanOrEqual(base * 750);
      expect(waits[at]).toBeLessThanOrEqual(base * 1250);
    }
    expect(server.messages[0]?.edits).toBe(0);
  });

  test("hangs no longer than it may", async () => {
    await reopen(recordingDoor(), { timeout: 200 });
    server.next("post", "hangs");
    const before = performance.now();
    await expect(surface.post(place, { id: "m1", card: cards.running }, never)).rejects.toThrow();
    // It may take 10 s unless it is told.
    expect(performance.now() - before).toBeLessThan(9_000);
  });

  test("and a message or a conversation that is gone are told apart from that", async () => {
    const ref = await surface.post(place, { id: "m1", card: cards.running }, never);
    server.remove(server.messages[0] as TeamsMessage);
    const edit = () => surface.edit(place, ref, { id: "m1", card: cards.running }, never);
    await expect(edit()).rejects.toThrow(Gone);
    server.archive(group);
    await expect(edit()).rejects.toThrow(Gone);
    const again = surface.post(place, { id: "m1", card: cards.running }, never);
    await expect(again).rejects.toThrow(Gone);
    server.archive(general);
    const root = surface.post(channel, { id: "m2", card: cards.running }, never);
    await expect(root).rejects.toThrow(Gone);
  });
});

test("by its budgets no conversation gets more in any time than Teams documents", () => {
  const most = (seconds: number) =>
    Math.min(
      ...(surface.budgets ?? []).map(
        ({ most, every }) => most + Math.floor((seconds * 1000) / every),
      ),
    );
  expect(most(1)).toBeLessThanOrEqual(7);
  expect(most(2)).toBeLessThanOrEqual(8);
  expect(most(30)).toBeLessThanOrEqual(60);
  expect(most(3600)).toBeLessThanOrEqual(1800);
});

test("nothing that Teams refuses was sent, and no secret was logged", async () => {
  server.next("token", { status: 401 });
  await expect(posted(place, cards.waiting)).rejects.toThrow("401");
  await posted(place, cards.waiting);
  expect(logged.join("\n")).not.toContain(server.settings.app.password);
  expect(server.refused).toEqual([]);
});

async function posted(at: Place, card: object): Promise<TeamsMessage> {
  const id = crypto.randomUUID();
  const before = server.messages.length;
  await surface.post(at, { id, card: card as typeof cards.waiting }, never);
  const message = server.messages[before];
  if (message === undefined) throw new Error("it was not posted");
  return message;
}

async function open(it: RecordingDoor, more: Partial<TeamsConfig> = {}): Promise<void> {
  door = it;
  logged = [];
  const signed = more.allowUnauthenticated ? {} : server.settings;
  const log = (_: string, says: string, cause?: unknown) => logged.push(`${says}: ${cause}`);
  surface = teams({ ...signed, host: "127.0.0.1", log, ...more }, door);
  web = createServer((request, response) => surface.requestListener(request, response));
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/api/messages`;
  ada = teamsPerson(server, "ada", url);
}

async function shut(): Promise<void> {
  await surface.close();
  web.closeAllConnections();
  await new Promise((resolve) => web.close(resolve));
}

async function reopen(it: RecordingDoor, more: Partial<TeamsConfig> = {}): Promise<void> {
  await shut();
  await open(it, more);
}

function texts(): readonly string[] {
  return door.stored.flatMap(({ said }) => ("text" in said ? [said.text] : []));
}

function refusing(title: string): () => Answer {
  return () => ({ is: "card", card: { title }, private: true });
}

/** A form for these words (or for any button that is not the form's own), and a run for the form. */
function formFor(words: string | undefined): (intent: Intent) => Answer {
  return ({ said }) => {
    const asks = "text" in said ? said.text === words : said.button !== deployForm.id;
    return asks ? { is: "form", form: deployForm } : { is: "run", run: "run-1" };
  };
}

/** What is said goes on until it is let end. */
function slowDoor(
  answer?: () => Answer,
): RecordingDoor & { ended(): number; readonly end: () => void } {
  const inner = recordingDoor(answer === undefined ? {} : { answer });
  const over = Promise.withResolvers<void>();
  let ended = 0;
  return Object.assign(Object.create(inner) as RecordingDoor, {
    ended: () => ended,
    end: () => over.resolve(),
    enter: async (key: string, name: string) => {
      await over.promise;
      ended += 1;
      return await inner.enter(key, name);
    },
  });
}

async function soon(holds: () => boolean): Promise<void> {
  await expect.poll(holds).toBe(true);
}
