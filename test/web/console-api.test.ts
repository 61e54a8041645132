import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../src/store/database.ts";
import { cards, otherCards } from "../cards.ts";
import { empty, memoryDatabase } from "../databases.ts";
import { fill, plan } from "./fill.ts";
import { type World, world } from "./world.ts";

let database: Database;
let here: World;
beforeAll(async () => {
  database = await memoryDatabase();
  here = await world(database);
});
beforeEach(async () => {
  await empty(database);
  here.intents.length = 0;
});
afterAll(async () => {
  await here.close();
  await database.close();
});

const Message = z.looseObject({
  id: z.string(),
  kind: z.string(),
  author: z.string().nullable(),
  text: z.string(),
  private: z.boolean(),
  card: z.looseObject({ title: z.string() }).nullable(),
  buttons: z.array(z.object({ id: z.string(), label: z.string() }).loose()),
  adaptive: z.looseObject({ type: z.literal("AdaptiveCard") }).nullable(),
});
async function get<S extends z.ZodType>(schema: S, path: string): Promise<z.output<S>> {
  const response = await fetch(`${here.url}/api/v1/${path}`);
  expect([path, response.status]).toEqual([path, 200]);
  return schema.parse(await response.json());
}
async function post(path: string, body: object) {
  const response = await fetch(`${here.url}/api/v1/console/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: z.looseObject({}).parse(await response.json()) };
}
const messages = async (as: string, channel = "general") =>
  (
    await get(
      z.object({ messages: z.array(Message) }),
      `console/channels/${channel}/messages?as=${as}`,
    )
  ).messages;

describe("what somebody says", () => {
  test("stands in the channel as their own words, and goes through the door as their intent", async () => {
    const text = "deploy web 1.4.2 to production";
    const { status, body } = await post("say", { as: "ada", channel: "general", text });
    expect(status).toBe(200);
    expect(body).toMatchObject({ answer: { is: "run" } });
    expect(here.intents).toMatchObject([
      {
        who: { surface: "console", id: "ada" },
        at: { surface: "console", channel: "general" },
        said: { text },
      },
    ]);
    const [words, card] = await messages("grace");
    expect(words).toMatchObject({ kind: "said", author: "ada", text, card: null, buttons: [] });
    expect(card).toMatchObject({ kind: "root", author: null, adaptive: { type: "AdaptiveCard" } });
    expect(card?.buttons.map(({ label }) => label)).toEqual(["Approve", "Reject", "Why"]);
  });
  test("twice is two events", async () => {
    const say = { as: "ada", channel: "general", text: "status" };
    await Promise.all([post("say", say), post("say", say)]);
    expect(new Set(here.intents.map(({ key }) => key)).size).toBe(2);
  });
  test("may need a form, which is opened at once", async () => {
    const { body } = await post("say", { as: "ada", channel: "general", text: "deploy" });
    expect(body).toMatchObject({
      answer: { is: "form", form: { id: "form-0", submit: "Deploy" } },
    });
  });
  test("shows no control characters and no more than a screenful", async () => {
    await post("say", {
      as: "ada",
      channel: "general",
      text: `a\u0007\u202E${"x".repeat(100_000)}`,
    });
    const [words] = await messages("ada");
    expect(words?.text.length).toBeLessThan(4_100);
    expect(words?.text).toMatch(/^ax+…$/);
  });
  test("is not answered as done when the database is away", async () => {
    const broken = await world({ ...database, run: () => Promise.reject(new Error("gone")) });
    const response = await fetch(`${broken.url}/api/v1/console/say`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ as: "ada", channel: "general", text: "status" }),
    });
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ error: expect.stringContaining("nothing was done") });
    expect(broken.intents).toHaveLength(0);
    await broken.close();
  });
});

describe("a click", () => {
  test("goes through the door with the button, the message and where it stands", async () => {
    await here.put({ id: "m1", channel: "payments", card: cards.waiting });
    await post("click", { as: "grace", messageId: "m1", button: "approve-1" });
    expect(here.intents).toMatchObject([
      {
        who: { id: "grace" },
        at: { surface: "console", channel: "payments" },
        said: { button: "approve-1", message: "m1" },
      },
    ]);
  });
  test("on a form carries its values, and comes back with what is wrong with them", async () => {
    const form = { as: "ada", channel: "general", button: "form-0", values: { service: "web" } };
    const { body } = await post("click", form);
    expect(JSON.stringify(body)).toContain("That is not a version");
    expect(here.intents[0]?.said).toEqual({ button: "form-0", values: { service: "web" } });
  });
  test("on a message that is not there, or that somebody else's eyes alone may see, does nothing", async () => {
    await here.put({ id: "m2", card: otherCards["not-understood"], kind: "reply", to: "ada" });
    for (const click of [
      { as: "grace", messageId: "m2", button: "nearest-1" },
      { as: "grace", messageId: "nothing", button: "nearest-1" },
    ]) {
      const { status, body } = await post("click", click);
      expect(status).toBe(404);
      expect(body).toEqual({ error: "This message is not there any more." });
    }
    expect(here.intents).toHaveLength(0);
  });
});

test("a private message reaches that person and nobody else", async () => {
  await here.put({ id: "m3", card: otherCards["not-understood"], kind: "reply", to: "ada" });
  expect(await messages("ada")).toMatchObject([{ id: "m3", private: true }]);
  expect(await messages("grace")).toEqual([]);
  const everybody = await get(
    z.object({ messages: z.array(Message) }),
    "console/channels/general/messages",
  );
  expect(everybody.messages).toEqual([]);
});

test("channels are general, the teams' own and whatever was written in", async () => {
  await here.put({ id: "m4", channel: "war-room", card: cards.planning });
  const Channels = z.object({
    channels: z.array(z.object({ name: z.string(), last: z.number() })),
  });
  const { channels } = await get(Channels, "console/channels?as=ada");
  expect(channels.map(({ name }) => name)).toEqual([
    "general",
    "payments",
    "storefront",
    "war-room",
  ]);
});

test("people come with what they may do in words", async () => {
  const People = z.object({
    people: z.array(z.object({ id: z.string(), name: z.string(), rights: z.string() })),
  });
  const { people } = await get(People, "console/people");
  expect(people.map(({ name }) => name)).toEqual(["Ada", "Grace", "Linus", "Mallory"]);
  expect(people.find(({ id }) => id === "mallory")?.rights).toBe("may do nothing");
});

describe("runs", () => {
  beforeEach(() => fill(here, { waiting: cards.waiting }));
  const Any = z.looseObject({});

  test("are listed with the digest that waits for votes", async () => {
    const { runs } = await get(z.object({ runs: z.array(Any) }), "runs");
    expect(runs).toMatchObject([
      { id: "r1", number: 1, state: "waiting", by: "ada", digest: plan.digest },
    ]);
    expect((await get(z.object({ runs: z.array(Any) }), "runs?open=false")).runs).toEqual([]);
    expect((await get(z.object({ runs: z.array(Any) }), "runs?before=1")).runs).toEqual([]);
  });
  test("come in full by id or number: plan, votes, digest, and what happened in order", async () => {
    for (const name of ["r1", "1"]) {
      const run = await get(Any, `runs/${name}`);
      expect(run).toMatchObject({ id: "r1", state: "waiting", digest: plan.digest });
      expect(run["plan"]).toMatchObject({ digest: plan.digest, state: "open", needs: plan.needs });
      expect(run["votes"]).toMatchObject([{ person: "linus", vote: "yes" }]);
      const Timeline = z.array(z.looseObject({ says: z.string() }));
      expect(Timeline.parse(run["timeline"]).map(({ says }) => says)).toEqual([
        "Ada asked for this",
        "Planned as 0f2c41ab",
        "Linus approved 0f2c41ab",
        "Plan 0f2c41ab no longer counts",
        "Planned as 9f2c41ab",
      ]);
    }
  });
  test("that are not there are a sentence", async () => {
    const response = await fetch(`${here.url}/api/v1/runs/99`);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: "There is no run 99." });
  });
  test("wait for those who may vote and have not, never for who asked", async () => {
    const Waiting = z.object({ runs: z.array(Any), messages: z.array(Message) });
    const forGrace = await get(Waiting, "console/waiting?as=grace");
    expect(forGrace).toMatchObject({ runs: [{ id: "r1" }], messages: [{ id: "m-waiting" }] });
    for (const other of ["ada", "mallory"])
      expect(await get(Waiting, `console/waiting?as=${other}`)).toEqual({ runs: [], messages: [] });
    await database.run(
      "INSERT INTO shipmate.votes (run, step, digest, person, vote, surface) VALUES ('r1', 'ship it', $1, 'grace', 'yes', 'console')",
      [plan.digest],
    );
    expect((await get(Waiting, "console/waiting?as=grace")).runs).toEqual([]);
  });
});

test("services say what runs where, and a cluster that hangs does not hide the others", async () => {
  const Services = z.object({
    services: z.array(
      z.object({ name: z.string(), running: z.array(z.looseObject({ environment: z.string() })) }),
    ),
  });
  const { services } = await get(Services, "services?as=ada");
  expect(services[0]).toMatchObject({
    name: "web",
    running: [
      { environment: "staging", why: "keeps crashing: exit code 1 after 0.3 s" },
      { environment: "production", version: "1.4.2" },
    ],
  });
  const refused = await world(database, { look: () => Promise.reject(new Error("no answer")) });
  const response = await fetch(`${refused.url}/api/v1/services?as=ada`);
  expect(Services.parse(await response.json()).services[0]?.running[0]).toMatchObject({
    unknown: "no answer",
  });
  await refused.close();
});

test("the audit log comes with whether its chain holds", async () => {
  await database.run(
    "INSERT INTO shipmate.audit (person, surface, did, run) VALUES ('ada', 'console', 'asked', 'r1')",
  );
  const audit = await get(z.looseObject({}), "audit");
  expect(audit).toMatchObject({ chain: { holds: true }, rows: [{ person: "ada", did: "asked" }] });
});

test("the OpenAPI document names every route with its body", async () => {
  const Document = z.looseObject({
    openapi: z.string(),
    paths: z.record(z.string(), z.looseObject({})),
  });
  const { openapi, paths } = await get(Document, "openapi.json");
  expect(openapi).toBe("3.1.0");
  expect(Object.keys(paths)).toEqual(
    expect.arrayContaining([
      "/api/v1/console/say",
      "/api/v1/console/click",
      "/api/v1/console/channels/{channel}/messages",
      "/api/v1/console/events",
      "/api/v1/runs",
      "/api/v1/runs/{run}",
      "/api/v1/services",
      "/api/v1/audit",
    ]),
  );
  expect(JSON.stringify(paths["/api/v1/console/click"])).toContain('"required":["as","button"]');
});

test("a log is followed line by line until it ends", async () => {
  const response = await fetch(`${here.url}/api/v1/console/runs/r1/log?as=ada`);
  const text = await response.text();
  expect(text).toContain("web 1.4.2 starting");
  expect(text).toContain("event: end");
});
