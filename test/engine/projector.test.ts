/** The outbox against a surface that counts, loses answers, asks for patience and forgets messages. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { Gone, type OutMessage, Patience, type Surface } from "../../src/core/surface.ts";
import { createProjector, type Projector } from "../../src/engine/projector.ts";
import type { Database } from "../../src/store/database.ts";
import { changeReply, insertReply } from "../../src/store/messages.ts";
import { type Clock, empty, memoryDatabase, turnClock } from "../databases.ts";

interface Chat extends Surface {
  readonly posts: OutMessage[];
  readonly edits: OutMessage[];
  readonly there: Map<string, OutMessage>;
  /** Called before each post or edit; throws what the chat answers. */
  before: () => void;
  /** Called after the work was done; throws what is lost. */
  after: () => void;
}

function chat(): Chat {
  const made: Chat = {
    name: "chat",
    pace: 1_000,
    posts: [],
    edits: [],
    there: new Map(),
    before: () => {},
    after: () => {},
    async post(_place, message) {
      made.before();
      const ref = `ref-${made.posts.length + 1}`;
      made.posts.push(message);
      made.there.set(ref, message);
      made.after();
      return ref;
    },
    async edit(_place, ref, message) {
      made.before();
      if (!made.there.has(ref)) throw new Gone("message_not_found");
      made.edits.push(message);
      made.there.set(ref, message);
    },
    async find(_place, id) {
      return [...made.there].find(([, message]) => message.id === id)?.[0];
    },
    async close() {},
  };
  return made;
}

let database: Database;
let clock: Clock;
let surface: Chat;
let projector: Projector;
let trouble: unknown[];

beforeAll(async () => {
  database = await memoryDatabase();
  clock = await turnClock(database);
});
afterAll(() => database.close());
beforeEach(async () => {
  await empty(database);
  await clock.set(1_000_000);
  surface = chat();
  trouble = [];
  projector = createProjector({
    database,
    surfaces: [surface],
    nameOf: (id) => id,
    mask: (value) => JSON.parse(JSON.stringify(value).replaceAll("hunter2-hunter2", "[secret]")),
    troubled: (error) => trouble.push(error),
  });
  return () => projector.close();
});

const say = (id: string, title: string) =>
  insertReply(database, { id, at: { surface: "chat", channel: "c1" }, card: { title } });
const rows = (sql: string) => database.query(z.any(), sql);

test("a message is posted once and edited when it changes", async () => {
  await say("m1", "one");
  await projector.settle();
  await projector.settle();
  expect(surface.posts.map((m) => m.card.title)).toEqual(["one"]);
  await changeReply(database, "m1", { title: "two" });
  await projector.settle();
  expect(surface.edits).toHaveLength(0); // too soon after the post
  await clock.advance(1_000);
  await projector.settle();
  expect(surface.edits.map((m) => m.card.title)).toEqual(["two"]);
});

test("of ten changes while a channel was slow only the last is shown", async () => {
  await say("m1", "one");
  await projector.settle();
  for (let i = 0; i < 10; i++) await changeReply(database, "m1", { title: `change ${i}` });
  await clock.advance(1_000);
  await projector.settle();
  expect(surface.edits.map((m) => m.card.title)).toEqual(["change 9"]);
});

test("an edit that changes nothing is not sent", async () => {
  await say("m1", "one");
  await projector.settle();
  await changeReply(database, "m1", { title: "one" });
  await clock.advance(1_000);
  await projector.settle();
  expect(surface.edits).toHaveLength(0);
});

test("after a lost answer the message is found instead of posted again", async () => {
  surface.after = () => {
    throw new Error("socket hang up");
  };
  await say("m1", "one");
  await projector.settle();
  expect(trouble).toHaveLength(1);
  surface.after = () => {};
  await clock.advance(60_000);
  await projector.settle();
  expect(surface.posts).toHaveLength(1);
  expect(await rows("SELECT ref FROM shipmate.messages")).toEqual([{ ref: "ref-1" }]);
});

test("the chat's Retry-After is honoured", async () => {
  let calls = 0;
  surface.before = () => {
    calls++;
    throw new Patience(30_000);
  };
  await say("m1", "one");
  await projector.settle();
  await clock.advance(29_000);
  await projector.settle();
  expect(calls).toBe(1);
  surface.before = () => {};
  await clock.advance(1_000);
  await projector.settle();
  expect(surface.posts).toHaveLength(1);
});

test("a message that somebody deleted is posted again", async () => {
  await say("m1", "one");
  await projector.settle();
  surface.there.clear();
  await changeReply(database, "m1", { title: "two" });
  await clock.advance(1_000);
  await projector.settle();
  expect(surface.posts.map((m) => m.card.title)).toEqual(["one", "two"]);
});

test("a channel that is gone is given up, and the others go on", async () => {
  surface.before = () => {
    throw new Gone("channel_not_found");
  };
  await say("m1", "one");
  await projector.settle();
  surface.before = () => {};
  await say("m2", "two");
  await projector.settle();
  expect(surface.posts.map((m) => m.card.title)).toEqual(["two"]);
});

test("a known secret never leaves", async () => {
  await say("m1", "the password is hunter2-hunter2");
  await projector.settle();
  expect(JSON.stringify(surface.posts)).not.toContain("hunter2");
});

test("buttons get the same opaque ids each time, and their rows hold what they say", async () => {
  const card = {
    title: "one",
    buttons: [{ label: "Go", command: "deploy", args: { service: "web" } }],
  };
  await insertReply(database, { id: "m1", at: { surface: "chat", channel: "c1" }, card });
  await projector.settle();
  await changeReply(database, "m1", { ...card, title: "two" });
  await clock.advance(1_000);
  await projector.settle();
  const [first] = surface.posts[0]?.card.buttons ?? [];
  const [second] = surface.edits[0]?.card.buttons ?? [];
  expect(first?.id).toMatch(/^[0-9a-f]{24}$/);
  expect(second?.id).toBe(first?.id);
  expect(await rows("SELECT message, command, args FROM shipmate.buttons")).toEqual([
    { message: "m1", command: "deploy", args: { service: "web" } },
  ]);
});

test("what a process posted before it died is found, not posted again", async () => {
  const dead: Surface = {
    ...surface,
    async post(_place, message) {
      surface.posts.push(message);
      surface.there.set("ref-1", message);
      return new Promise<never>(() => {});
    },
  };
  const dying = createProjector({
    ...{ database, surfaces: [dead], nameOf: (id) => id, mask: (value) => value },
  });
  await say("m1", "Hello");
  void dying.settle();
  await expect.poll(() => surface.posts.length).toBe(1);
  await clock.advance(31_000);
  await projector.settle();
  expect(surface.posts.length).toBe(1);
  expect(surface.there.size).toBe(1);
});

test("a message whose claim ran out in a slow chat is left to whoever has it now", async () => {
  let now = 0;
  const slow = createProjector({
    ...{ database, surfaces: [surface], nameOf: (id) => id, mask: (value) => value },
    clock: () => now,
  });
  await say("m1", "One");
  await say("m2", "Two");
  surface.after = () => {
    now += 20_000;
  };
  await slow.settle();
  await slow.close();
  expect(surface.posts.map((post) => post.id)).toEqual(["m1"]);
});

test("a surface that does not answer holds up no other, and is not given the same message twice", async () => {
  const stuck = Promise.withResolvers<string>();
  let calls = 0;
  const hangs: Surface = {
    ...chat(),
    name: "hangs",
    post: () => {
      calls += 1;
      return stuck.promise;
    },
  };
  const both = createProjector({
    ...{ database, surfaces: [hangs, surface], nameOf: (id) => id, mask: (value) => value },
  });
  const saysOn = (name: string, id: string) =>
    insertReply(database, { id, at: { surface: name, channel: "c1" }, card: { title: id } });
  await saysOn("hangs", "first");
  both.poke();
  await expect.poll(() => calls).toBe(1);
  await saysOn("chat", "second");
  both.poke();
  await expect.poll(() => surface.posts.map(({ id }) => id)).toEqual(["second"]);
  stuck.resolve("ref");
  await both.settle();
  expect(calls).toBe(1);
  await both.close();
});
