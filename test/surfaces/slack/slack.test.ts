import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Intent, Place } from "../../../src/core/surface.ts";
import { Gone, Patience } from "../../../src/core/surface.ts";
import type { Slack } from "../../../src/surfaces/slack/slack.ts";
import { slack } from "../../../src/surfaces/slack/slack.ts";
import { cards, deployForm } from "../../cards.ts";
import type { RecordingDoor } from "./door.ts";
import { recordingDoor } from "./door.ts";
import type { SlackPerson } from "./slack-person.ts";
import { slackPerson } from "./slack-person.ts";
import type { SlackServer } from "./slack-server.ts";
import { slackServer } from "./slack-server.ts";

const general = "C0GENERAL";
const place: Place = { surface: "slack", channel: general };
const never = new AbortController().signal;

let server: SlackServer;
let surface: Slack;
let web: Server;
let door: RecordingDoor;
let logged: string[];
let ada: SlackPerson;
let url: string;

beforeEach(async () => {
  server = await slackServer();
  await open(recordingDoor());
});

afterEach(async () => {
  await shut();
  await server.close();
});

test("a slash command is stored as what was said, where and by whom, and then entered", async () => {
  const ack = await ada.types("/shipmate deploy web 1.4.2 to production", general);
  expect(ack).toEqual({ status: 200, body: "" });
  expect(door.stored).toEqual([
    {
      key: expect.stringMatching(/^command:./),
      who: { surface: "slack", id: "U0ADA" },
      at: place,
      said: { text: "deploy web 1.4.2 to production" },
    },
  ]);
  await soon(() => door.entered.length === 1);
});

test("a short twin says its own name first, and an empty command asks for help", async () => {
  await ada.types("/deploy web 1.4.2", general);
  await ada.types("/shipmate", general);
  expect(texts()).toEqual(["deploy web 1.4.2", "help"]);
});

test("a mention says what follows it, and keeps its thread", async () => {
  await ada.mentions("deploy web 1.4.2 to staging", general, { thread: "1700000000.000100" });
  await ada.mentions("", general);
  expect(door.stored.map(({ at, said }) => ({ at, said }))).toEqual([
    {
      at: { ...place, thread: "1700000000.000100" },
      said: { text: "deploy web 1.4.2 to staging" },
    },
    { at: place, said: { text: "help" } },
  ]);
});

test("a direct message is a command, too", async () => {
  await ada.writes("status of web &amp; &lt;hello&gt;");
  expect(door.stored[0]).toMatchObject({
    at: { surface: "slack", channel: "D0ADA" },
    said: { text: "status of web & <hello>" },
  });
});

test("a command typed in a conversation of two people is answered in the asker's own one with us", async () => {
  await ada.types("/deploy web", "D0OTHERS");
  expect(door.stored[0]?.at).toEqual({ surface: "slack", channel: "U0ADA" });
});

test("what bots say, edits and closed dialogs are no commands", async () => {
  await ada.mentions("deploy web", general, { payload: { bot_id: "B1" } });
  await ada.writes("deploy web", { payload: { subtype: "message_changed" } });
  await ada.writes("deploy web", { payload: { user: server.botUser } });
  await ada.mentions("deploy web", general, { payload: { edited: { user: "U0ADA", ts: "1.2" } } });
  await ada.shuts({ id: "V1", hash: "1.2", user: "U0ADA", view: {} });
  expect(door.stored).toEqual([]);
});

test("a click carries the button's id and the message that it stands on", async () => {
  const ref = await surface.post(place, { id: "m1", card: cards.waiting }, never);
  const card = await server.sees((message) => ref === `${message.channel}:${message.ts}`);
  await ada.presses("Approve", card);
  expect(door.stored[0]?.said).toEqual({ button: "approve-1", message: ref });
});

test.each([
  ["forged", { secret: "another-secret" }],
  ["more than five minutes old", { skew: -301 }],
  ["from more than five minutes ahead", { skew: 360 }],
  ["without a time", { skew: Number.NaN }],
])("a request whose signature is %s gets 401 and stores nothing", async (_, odd) => {
  expect((await ada.types("/deploy web", general, odd)).status).toBe(401);
  expect((await ada.mentions("deploy web", general, odd)).status).toBe(401);
  expect(door.order).toEqual([]);
});

test("a request without any signature gets 401, and another path 404", async () => {
  expect((await fetch(url, { method: "POST", body: "{}" })).status).toBe(401);
  expect((await fetch(`${url}/../other`, { method: "POST", body: "{}" })).status).toBe(404);
  expect((await fetch(url)).status).toBe(404);
});

test("Slack's unsigned check of the connection is answered, and smuggles nothing in", async () => {
  const body = new URLSearchParams({
    ssl_check: "1",
    command: "/deploy",
    text: "web",
    trigger_id: "1",
  });
  expect((await fetch(url, { method: "POST", body })).status).toBeLessThan(402);
  expect(door.order).toEqual([]);
});

test("a click on the first message of a thread is a click in the channel", async () => {
  const ref = await surface.post(place, { id: "m1", card: cards.waiting }, never);
  const card = await server.sees((message) => ref === `${message.channel}:${message.ts}`);
  await ada.presses("Approve", card, { payload: { message: { thread_ts: card.ts } } });
  expect(door.stored[0]?.at).toEqual(place);
});

test("a body over one megabyte is refused", async () => {
  expect((await ada.types(`/deploy ${"x".repeat(1_100_000)}`, general)).status).toBe(413);
  expect(door.order).toEqual([]);
});

test("text of 100 kB is stored and acknowledged", async () => {
  const long = "x".repeat(100_000);
  expect((await ada.types(`/deploy ${long}`, general)).status).toBe(200);
  expect(texts()).toEqual([`deploy ${long}`]);
});

test("the same event three times is acknowledged three times and entered once", async () => {
  for (const retry of [0, 1, 2]) {
    const ack = await ada.mentions("deploy web", general, {
      id: "Ev1",
      ...(retry ? { retry } : {}),
    });
    expect(ack.status).toBe(200);
  }
  expect(door.stored).toHaveLength(1);
  await soon(() => door.entered.length > 0);
  expect(door.entered).toEqual(["event:Ev1"]);
});

test("an exact replay of a signed request is acknowledged and does nothing", async () => {
  const trigger = { payload: { trigger_id: "1.2.the-same" } };
  await ada.types("/deploy web", general, trigger);
  await soon(() => door.entered.length > 0);
  expect((await ada.types("/deploy web", general, trigger)).status).toBe(200);
  // What comes after it would be entered after it.
  await ada.types("/deploy api", general);
  await soon(() => door.entered.some((key) => key === door.stored[1]?.key));
  expect(door.stored).toHaveLength(2);
  expect(door.entered).toEqual(door.stored.map(({ key }) => key));
});

test("nothing is acknowledged before it is stored", async () => {
  await reopen(recordingDoor({ wait: 150 }));
  for (const say of [
    () => ada.types("/deploy web", general),
    () => ada.mentions("deploy web", general),
  ]) {
    const before = performance.now();
    await say();
    expect(performance.now() - before).toBeGreaterThan(145);
  }
  await soon(() => door.entered.length === 2);
  expect(door.order.slice(0, 3)).toEqual(["store", "stored", "enter"]);
});

test("while the database is away a command is told so, and an event comes again", async () => {
  await reopen(recordingDoor({ broken: () => true }));
  const ack = await ada.types("/deploy web", general);
  expect(ack.body).toMatchObject({
    response_type: "ephemeral",
    text: expect.stringContaining("Try again in a minute"),
  });
  expect((await ada.mentions("deploy web", general)).status).toBe(500);
  expect(door.entered).toEqual([]);
});

test("somebody of another workspace is turned away and told so", async () => {
  await soon(() => server.asked.some(({ method }) => method === "auth.test"));
  const mallory = slackPerson(server, "U0MALLORY", url);
  const command = await mallory.types("/deploy web", general, { team: "T0OTHER" });
  expect(command.body).toMatchObject({ response_type: "ephemeral" });
  expect((await mallory.mentions("deploy web", general, { team: "T0OTHER" })).status).toBe(200);
  await surface.post(place, { id: "m1", card: cards.waiting }, never);
  const card = await server.sees((message) => message.text.includes("Waiting"));
  await mallory.presses("Approve", card, { team: "T0OTHER" });
  const told = await server.sees((message) => message.to === "U0MALLORY");
  expect(told.text).toContain("Only people of the workspace");
  expect(door.stored).toEqual([]);
});

test("guests whom Slack marks so, and an app installed for a whole organisation, are turned away", async () => {
  const guest = { payload: { user_profile: { is_restricted: true } } };
  const stranger = { payload: { user_profile: { is_stranger: true } } };
  await ada.mentions("deploy web", general, guest);
  await ada.mentions("deploy web", general, stranger);
  await ada.types("/deploy web", general, { payload: { is_enterprise_install: "true" } });
  await surface.post(place, { id: "m1", card: cards.waiting }, never);
  const card = await server.sees((message) => message.text.includes("Waiting"));
  await ada.presses("Approve", card, { payload: { is_enterprise_install: true } });
  expect(door.stored).toEqual([]);
});

test("a missing argument opens the form, whose values come back as a click on it", async () => {
  await reopen(recordingDoor({ answer: formFor("deploy web") }));
  await ada.types("/deploy web", general);
  const view = await server.shows(({ user }) => user === "U0ADA");
  expect(view.view).toMatchObject({ title: { text: "Deploy" }, submit: { text: "Deploy" } });
  const ack = await ada.fills(view, {
    version: "1.4.2",
    environment: "production",
    replicas: "3",
    wait: false,
  });
  expect(ack).toEqual({ status: 200, body: "" });
  expect(door.stored[1]).toMatchObject({
    key: `form:${view.id}:${view.hash}`,
    at: place,
    said: {
      button: "form-1",
      values: {
        service: "web",
        version: "1.4.2",
        environment: "production",
        replicas: 3,
        wait: false,
      },
    },
  });
});

test("what is wrong with a form is said at its fields, stores nothing, and it can be sent again", async () => {
  const check = (command: string, values: { readonly [field: string]: unknown }) =>
    command === "deploy" && values["version"] === "1.4.2"
      ? {}
      : { version: "That is not a version.", unknown: "And this belongs nowhere." };
  await reopen(recordingDoor({ answer: formFor("deploy web"), check }));
  await ada.types("/deploy web", general);
  const view = await server.shows(() => true);
  const wrong = await ada.fills(view, { version: "no version", environment: "staging" });
  expect(wrong.body).toEqual({
    response_action: "errors",
    errors: { version: "That is not a version.", service: "And this belongs nowhere." },
  });
  expect(door.stored).toHaveLength(1);
  expect((await ada.fills(view, { version: "1.4.2", environment: "staging" })).body).toBe("");
  expect((await ada.fills(view, { version: "1.4.2", environment: "staging" })).status).toBe(200);
  expect(door.stored).toHaveLength(2);
});

test("a mention has no dialog, so a button for its asker alone brings one", async () => {
  await reopen(recordingDoor({ answer: formFor("deploy web") }));
  await ada.mentions("deploy web", general);
  const offer = await server.sees((message) => message.to === "U0ADA");
  await ada.presses("Fill it in", offer);
  expect(texts()).toEqual(["deploy web", "deploy web"]);
  expect((await server.shows(() => true)).user).toBe("U0ADA");
});

test("a form that opens too late is said to be so, in private", async () => {
  await reopen(recordingDoor({ answer: formFor("deploy web") }));
  server.next("views.open", { error: "expired_trigger_id" });
  await ada.types("/deploy web", general);
  const told = await server.sees((message) => message.to === "U0ADA");
  expect(told.text).toContain("Type it again, or click once more.");
});

test("a message is posted once, changed in place, and carries its id", async () => {
  const ref = await surface.post(place, { id: "m1", card: cards.planning }, never);
  await surface.edit(place, ref, { id: "m1", card: cards.succeeded }, never);
  expect([server.posts(general), server.edits(general)]).toEqual([1, 1]);
  expect(server.messages).toHaveLength(1);
  expect(server.messages[0]).toMatchObject({
    metadata: { event_type: "shipmate_message", event_payload: { id: "m1" } },
    text: expect.stringContaining("web 1.4.2 runs in production."),
  });
});

test("a message that was posted although the answer got lost is found, in a channel and in a thread", async () => {
  const thread = { ...place, thread: (await root()).ts };
  for (const [where, id] of [
    [place, "m2"],
    [thread, "m3"],
  ] as const) {
    server.next("chat.postMessage", "lost");
    await expect(surface.post(where, { id, card: cards.running }, never)).rejects.toThrow();
    const found = await surface.find?.(where, id, never);
    const posted = server.messages.filter(({ metadata }) => JSON.stringify(metadata).includes(id));
    expect(posted).toHaveLength(1);
    expect(found).toBe(`${general}:${posted[0]?.ts}`);
    expect(await surface.find?.(where, "another", never)).toBeUndefined();
  }
});

test("a thread may be named by our reference of its first message", async () => {
  const ref = await surface.post(place, { id: "m1", card: cards.running }, never);
  const thread = { ...place, thread: ref };
  const reply = await surface.post(thread, { id: "m2", card: cards.running }, never);
  expect(server.messages[1]).toMatchObject({ thread: ref.split(":")[1] });
  expect(await surface.find?.(thread, "m2", never)).toBe(reply);
  await surface.post(thread, { id: "m3", card: cards.running, to: "U0ADA" }, never);
  expect(server.messages[2]).toMatchObject({ thread: ref.split(":")[1], to: "U0ADA" });
});

test("where we may post but not read, nothing is found", async () => {
  server.next("conversations.history", { error: "not_in_channel" });
  expect(await surface.find?.(place, "m1", never)).toBeUndefined();
});

test("a message is found among many", async () => {
  const ref = await surface.post(place, { id: "m0", card: cards.planning }, never);
  await othersPost(205);
  expect(await surface.find?.(place, "m0", never)).toBe(ref);
});

test("one try is one request: neither a lost answer nor an error of the server is tried again here", async () => {
  server.next("chat.postMessage", "lost");
  await expect(surface.post(place, { id: "m1", card: cards.running }, never)).rejects.toThrow();
  server.next("chat.postMessage", { status: 500 });
  await expect(surface.post(place, { id: "m1", card: cards.running }, never)).rejects.toThrow(
    "500",
  );
  expect(server.asked.filter(({ method }) => method === "chat.postMessage")).toHaveLength(2);
  expect(server.posts(general)).toBe(1);
});

test("a Slack that asks for patience is told apart, with its own time", async () => {
  server.next("chat.postMessage", { status: 429, retryAfter: 17 });
  const post = surface.post(place, { id: "m1", card: cards.running }, never);
  await expect(post).rejects.toSatisfy((it) => it instanceof Patience && it.wait === 17_000);
  server.next("chat.update", { error: "ratelimited" });
  const edit = surface.edit(place, `${general}:1.1`, { id: "m1", card: cards.running }, never);
  await expect(edit).rejects.toBeInstanceOf(Patience);
});

test("by its budgets no channel gets more than Slack shows, and the workspace no more changes than Slack takes", () => {
  const most = (of: "posts" | "edits", per: "channel" | "app", seconds: number) =>
    (surface.budgets ?? [])
      .filter((budget) => budget.of === of && budget.per === per)
      .map(({ most, every }) => most + Math.floor((seconds * 1000) / every));
  expect(most("posts", "channel", 60)).toEqual([65]);
  expect(most("posts", "channel", 1)).toEqual([6]);
  expect(most("edits", "app", 60)).toEqual([46]);
});

test("a deleted message and an archived channel are gone", async () => {
  const message = await root();
  server.remove(message);
  const ref = `${general}:${message.ts}`;
  await expect(
    surface.edit(place, ref, { id: "m1", card: cards.running }, never),
  ).rejects.toBeInstanceOf(Gone);
  server.archive("C0OLD");
  const post = surface.post(
    { ...place, channel: "C0OLD" },
    { id: "m2", card: cards.running },
    never,
  );
  await expect(post).rejects.toBeInstanceOf(Gone);
});

test("a call that hangs is given up, by its own time and by the caller's", async () => {
  await reopen(door, { timeout: 100 });
  server.next("chat.postMessage", "hangs");
  await expect(surface.post(place, { id: "m1", card: cards.running }, never)).rejects.toThrow();
  await reopen(door);
  server.next("chat.postMessage", "hangs");
  const stop = new AbortController();
  const post = surface.post(place, { id: "m1", card: cards.running }, stop.signal);
  setTimeout(() => stop.abort(), 50);
  await expect(post).rejects.toThrow();
});

test("a private message is seen by one person, and a change of it is said anew", async () => {
  const message = { id: "m1", card: cards["nothing-to-do"], to: "U0ADA" };
  const ref = await surface.post(place, message, never);
  expect(server.messages[0]).toMatchObject({ channel: general, to: "U0ADA" });
  await expect(surface.edit(place, ref, message, never)).rejects.toBeInstanceOf(Gone);
});

test("a private message for a channel that we are not in goes to the person's own conversation", async () => {
  server.leave("C0SECRET");
  const at = { ...place, channel: "C0SECRET" };
  const message = { id: "m1", card: cards["nothing-to-do"], to: "U0ADA" };
  expect(await surface.post(at, message, never)).toMatch(/^D0ADA:/);
  const direct = { surface: "slack", channel: "U0ADA" };
  const ref = await surface.post(direct, { id: "m2", card: cards.running }, never);
  await surface.edit(direct, ref, { id: "m2", card: cards.succeeded }, never);
  expect(await surface.find?.(direct, "m2", never)).toBe(ref);
});

test("long code goes into the thread as a file; where it can't, the message does not promise it", async () => {
  const code = { text: Array.from({ length: 900 }, (_, at) => `line ${at}`).join("\n") };
  const ref = await surface.post(place, { id: "m1", card: { ...cards.stuck, code } }, never);
  expect(server.files).toEqual([
    {
      channel: general,
      thread: ref.split(":")[1],
      name: "Deploy-web-1.5.0-to-production.txt",
      text: code.text,
    },
  ]);
  expect(JSON.stringify(server.messages[0]?.blocks)).toContain("All of it is in the thread.");
  server.next("files.getUploadURLExternal", { error: "missing_scope" });
  await surface.post(place, { id: "m2", card: { ...cards.stuck, code } }, never);
  expect(server.files).toHaveLength(1);
  expect(JSON.stringify(server.messages[1]?.blocks)).toContain("what came before was left out");
});

test("long code for one person's eyes never becomes a file that all can see", async () => {
  const code = { text: "secret plans\n".repeat(900) };
  await surface.post(place, { id: "m1", card: { ...cards.stuck, code }, to: "U0ADA" }, never);
  expect(server.files).toEqual([]);
});

test("a form that comes as a message has its inputs in it and sends what is filled in", async () => {
  await surface.post(place, { id: "m1", card: cards.planning, form: deployForm }, never);
  const card = await server.sees(() => true);
  const filled = { version: { answer: { type: "plain_text_input", value: "1.4.2" } } };
  await ada.presses("Deploy", card, { payload: { state: { values: filled } } });
  expect(door.stored[0]?.said).toMatchObject({ button: "form-1", values: { version: "1.4.2" } });
});

test("hostile text in a card, a form and an answer calls nobody and shows no link", async () => {
  const evil =
    "<!channel> <@U0GRACE> @here <https://evil.example|Approve> &lt;!here&gt; \u202Etxet";
  const form = {
    ...deployForm,
    title: evil,
    says: evil,
    submit: evil,
    fields: deployForm.fields.map((field) => ({ ...field, label: evil, hint: evil, error: evil })),
  };
  await reopen(recordingDoor({ answer: () => ({ is: "form", form }) }));
  await surface.post(
    place,
    {
      id: "m1",
      card: {
        ...cards.stuck,
        title: evil,
        says: evil,
        code: { text: evil },
        fields: { [evil]: evil },
        facts: [evil],
      },
    },
    never,
  );
  await surface.post(place, { id: "m2", card: cards.planning, form }, never);
  await ada.types(`/deploy ${evil}`, general);
  await server.shows(() => true);
  await ada.mentions(`deploy ${evil}`, general);
  await server.sees((message) => message.to === "U0ADA");
  expect(server.mentions()).toEqual([]);
  for (const { args } of server.asked.filter(({ method }) => method === "chat.postMessage"))
    expect(args).toMatchObject({
      parse: "none",
      link_names: "false",
      unfurl_links: "false",
      unfurl_media: "false",
    });
});

test("Socket Mode brings the same: store, then acknowledge, forms, clicks and doubles", async () => {
  await shut();
  await open(recordingDoor({ answer: formFor("deploy"), wait: 50 }), { socket: true });
  const before = performance.now();
  await ada.types("/deploy", general);
  expect(performance.now() - before).toBeGreaterThan(45);
  const view = await server.shows(() => true);
  await ada.fills(view, { version: "1.4.2", environment: "staging" });
  await ada.mentions("status", general, { id: "Ev9" });
  await ada.mentions("status", general, { id: "Ev9" });
  await surface.post(place, { id: "m1", card: cards.waiting }, never);
  await ada.presses("Approve", await server.sees((message) => message.text.includes("Waiting")));
  expect(door.stored.map(({ key }) => key.split(":")[0])).toEqual([
    "command",
    "form",
    "event",
    "click",
  ]);
  expect(server.connections()).toBe(1);
  await surface.close();
  await soon(() => server.connections() === 0);
});

test("a token that Slack refuses ends the start in Socket Mode with a sentence", async () => {
  await shut();
  await open(recordingDoor(), {}, false);
  const bad = slack(
    { botToken: "xoxb-wrong", appToken: "xapp-wrong", apiUrl: server.apiUrl, log },
    door,
  );
  await expect(bad.start()).rejects.toThrow("connecting to Slack");
  await bad.close();
});

test("a bot token that Slack does not know is said to the operator, and stops nothing", async () => {
  await shut();
  server.next("auth.test", { error: "invalid_auth" });
  await open(recordingDoor());
  await soon(() => logged.some((text) => text.includes("SLACK_BOT_TOKEN")));
  expect((await ada.types("/deploy web", general)).status).toBe(200);
});

test("neither tokens nor what people said reach the log", async () => {
  server.next("chat.postMessage", { status: 500 });
  await surface
    .post(place, { id: "m1", card: cards.running }, never)
    .catch((error) => log("error", "posting", error));
  await ada.types("/deploy password-of-ada", general, { secret: "forged" });
  const all = logged.join("\n");
  expect(all).not.toBe("");
  for (const secret of [server.botToken, server.signingSecret, "password-of-ada"])
    expect(all).not.toContain(secret);
});

function texts(): readonly string[] {
  return door.stored.flatMap(({ said }) => ("text" in said ? [said.text] : []));
}

/** Messages that do not come from here. */
async function othersPost(many: number): Promise<void> {
  for (let at = 0; at < many; at += 1)
    await fetch(`${server.apiUrl}chat.postMessage`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.botToken}` },
      body: new URLSearchParams({ channel: general, text: `message ${at}` }),
    });
}

/** Answers one text with the form, everything else with a run. */
function formFor(text: string): NonNullable<Parameters<typeof recordingDoor>[0]>["answer"] & {} {
  return ({ said }: Intent) =>
    "text" in said && said.text.trim() === text
      ? { is: "form", form: deployForm }
      : { is: "run", run: "run-1" };
}

async function root() {
  const ref = await surface.post(place, { id: "m1", card: cards.planning }, never);
  return await server.sees((message) => ref === `${message.channel}:${message.ts}`);
}

function log(level: string, says: string, cause?: unknown): void {
  logged.push(
    `${level} ${says} ${cause instanceof Error ? `${cause.stack} ${String(cause.cause)}` : ""}`,
  );
}

async function open(
  given: RecordingDoor,
  more: { readonly socket?: boolean; readonly timeout?: number } = {},
  started = true,
): Promise<void> {
  logged = [];
  door = given;
  surface = slack(
    {
      botToken: server.botToken,
      signingSecret: server.signingSecret,
      apiUrl: server.apiUrl,
      log,
      ...(more.socket ? { appToken: server.appToken } : {}),
      ...(more.timeout === undefined ? {} : { timeout: more.timeout }),
    },
    door,
  );
  web = createServer((request, response) => surface.requestListener(request, response));
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/slack/events`;
  ada = slackPerson(server, "U0ADA", more.socket ? "socket" : url);
  if (started) await surface.start();
}

async function shut(): Promise<void> {
  await surface.close();
  web.closeAllConnections();
  await new Promise((resolve) => web.close(resolve));
}

async function reopen(
  given: RecordingDoor,
  more: { readonly timeout?: number } = {},
): Promise<void> {
  await shut();
  await open(given, more);
}

/** Waits until it is so. */
async function soon(so: () => boolean): Promise<void> {
  await expect.poll(so, { interval: 5 }).toBe(true);
}
