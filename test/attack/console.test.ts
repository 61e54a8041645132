/** What a person who may nothing, or a program on this machine, can do to the console by what it sends. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { masker } from "../../src/observe/mask.ts";
import type { Database } from "../../src/store/database.ts";
import { empty, memoryDatabase } from "../databases.ts";
import { type World, world } from "../web/world.ts";

let database: Database;
let here: World;
beforeAll(async () => {
  database = await memoryDatabase();
  const mask = masker({ secrets: () => ["hunter2-secret"] }).data;
  here = await world(database, { mask });
});
beforeEach(() => empty(database));
afterAll(async () => {
  await here.close();
  await database.close();
});

const post = (path: string, body: string) =>
  fetch(`${here.url}/api/v1/console/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
const say = (text: string) =>
  post("say", JSON.stringify({ as: "mallory", channel: "general", text }));
const messages = async () => {
  const answer = await fetch(`${here.url}/api/v1/console/channels/general/messages?as=ada`);
  return JSON.parse(await answer.text()).messages;
};

test.each(["password=", "reject 1 because --password '", "&token=", '\\"api_key='])(
  "words that look like the beginning of a secret can't make a channel unreadable: %s",
  async (text) => {
    await say(text);
    await say("help");
    expect(await messages()).toHaveLength(2);
  },
);

test("a secret in somebody's words is hidden in what is answered, and what stands beside it is not", async () => {
  await say('deploy web password="hunter2-secret", quickly');
  const [said] = await messages();
  expect(said.text).not.toContain("hunter2");
  expect(said.text).toContain("quickly");
});

test("half a surrogate pair is stored and shown as a replacement, and is not taken for a database that is away", async () => {
  const { status } = await post(
    "say",
    '{"as":"mallory","channel":"general","text":"help \\ud800 x"}',
  );
  expect(status).toBe(200);
  expect((await messages())[0].text).toBe("help \uFFFD x");
});

test.each(["[", '{"a":'])(
  "a body that is nested too deep is refused in a sentence before anything stores it: %s",
  async (open) => {
    const before = here.intents.length;
    const inner = open.repeat(20_000) + (open === "[" ? "" : "1");
    const close = (open === "[" ? "]" : "}").repeat(20_000);
    const { status } = await post(
      "click",
      `{"as":"ada","channel":"general","button":"x","values":{"service":${inner}${close}}}`,
    );
    expect(status).toBe(400);
    expect(here.intents).toHaveLength(before);
    expect(here.reported).toEqual([]);
  },
);
