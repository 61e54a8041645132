/** The outbox against a surface that counts, loses answers, asks for patience and forgets messages. */
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { Gone, type OutMessage, Patience, type Surface } from "../../src/core/surface.ts";
import { createProjector, type Projector } from "../../src/engine/projector.ts";
import type { Database } from "../../src/store/database.ts";
import { behindSince } from "../../src/store/database.ts";
import { changeReply, insertReply, insertRoot } from "../../src/store/messages.ts";
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
    budgets: [
      { of: "posts", per: "channel", most: 3, every: 1_000 },
      { of: "edits", per: "app", most: 4, every: 1_000 },
    ],
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
      made.after();
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
const sayIn = (channel: string, id: string, thread?: string) =>
  insertReply(database, {
    ...{ id, card: { title: id } },
    at: { surface: "chat", channel, ...(thread !== undefined && { thread }) },
  });
/** Another process on the same database. */
const another = (surfaces: readonly Surface[], more = {}): Projector => {
  const made = createProjector({
    ...{ database, surfaces, nameOf: (id: string) => id, mask: <T>(value: T) => value, ...more },
  });
  onTestFinished(() => made.close());
  return made;
};
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

test("an edit whose answer was lost is drawn over, also where what stood there before is wanted again", async () => {
  await say("m1", "one");
  await projector.settle();
  await changeReply(database, "m1", { title: "two" });
  await clock.advance(1_000);
  surface.after = () => {
    throw new Error("socket hang up");
  };
  await projector.settle();
  surface.after = () => {};
  await changeReply(database, "m1", { title: "one" });
  await clock.advance(60_000);
  await projector.settle();
  expect(surface.edits.map((m) => m.card.title)).toEqual(["two", "one"]);
});

test("an edit that comes late, over what another process showed meanwhile, and fails, does not stay", async () => {
  await say("m1", "one");
  await projector.settle();
  await changeReply(database, "m1", { title: "two" });
  await clock.advance(1_000);
  const sleeper = another([
    {
      ...surface,
      async edit(place, ref, message, signal) {
        await clock.advance(40_000);
        await changeReply(database, "m1", { title: "three" });
        await projector.settle();
        await surface.edit(place, ref, message, signal);
        throw new Error("aborted due to timeout");
      },
    },
  ]);
  await sleeper.settle();
  await sleeper.close();
  expect([...surface.there.values()].map((m) => m.card.title)).toEqual(["two"]);
  await clock.advance(60_000);
  await projector.settle();
  expect([...surface.there.values()].map((m) => m.card.title)).toEqual(["three"]);
});

/** What does not reach the chat before it is `delivered`, long after whoever sent it gave it up. */
function underWay(): { readonly chat: Surface; deliver(): Promise<void> } {
  let arrives = async () => {};
  return {
    chat: {
      ...surface,
      async edit(...of) {
        arrives = () => surface.edit(...of);
        throw new Error("aborted due to timeout");
      },
    },
    deliver: () => arrives(),
  };
}
const titles = () => [...surface.there.values()].map((m) => m.card.title);

test("an edit that was given up and arrives after what came next does not stay", async () => {
  await say("m1", "one");
  await projector.settle();
  await changeReply(database, "m1", { title: "two" });
  await clock.advance(1_000);
  const { chat, deliver } = underWay();
  const cut = another([chat]);
  await cut.settle();
  await cut.close();
  await changeReply(database, "m1", { title: "three" });
  await clock.advance(1_000);
  await projector.settle();
  expect(titles()).toEqual(["three"]);
  await clock.advance(90_000);
  await deliver();
  expect(titles()).toEqual(["two"]);
  await projector.settle();
  expect(titles()).toEqual(["two"]);
  await clock.advance(31_000);
  await projector.settle();
  expect(titles()).toEqual(["three"]);
  expect(surface.edits).toHaveLength(3);
  await clock.advance(300_000);
  await projector.settle();
  expect(surface.edits).toHaveLength(3);
});

test("what a process showed before it died is drawn over, also where what stood there before is wanted again", async () => {
  await say("m1", "one");
  await projector.settle();
  await changeReply(database, "m1", { title: "two" });
  await clock.advance(1_000);
  const edited = Promise.withResolvers<void>();
  const dead = another([
    {
      ...surface,
      async edit(...of) {
        await surface.edit(...of);
        edited.resolve();
        return new Promise<never>((_, end) => of[3].addEventListener("abort", () => end("died")));
      },
    },
  ]);
  dead.poke();
  await edited.promise;
  await changeReply(database, "m1", { title: "one" });
  await clock.advance(60_000);
  await projector.settle();
  expect(titles()).toEqual(["one"]);
  surface.there.set("ref-1", { id: "m1", card: { title: "sent before it died", buttons: [] } });
  await clock.advance(121_000);
  await projector.settle();
  expect(titles()).toEqual(["one"]);
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

test("what one process was asked to wait for, all others wait for, with what is said meanwhile too", async () => {
  surface.before = () => {
    throw new Patience(30_000, { asked: true });
  };
  await sayIn("c1", "m1");
  await projector.settle();
  const calls: string[] = [];
  const other = chat();
  other.before = () => calls.push("tried");
  const there = another([other]);
  await sayIn("c1", "m2");
  await clock.advance(29_000);
  await there.settle();
  expect(calls).toEqual([]);
  await clock.advance(1_000);
  await there.settle();
  // Then one goes, not all that are allowed at once.
  expect(other.posts.map(({ id }) => id)).toEqual(["m1"]);
});

test("two processes together post no more than a channel takes, and other channels go on", async () => {
  for (let i = 0; i < 10; i++) await sayIn("c1", `m${i}`);
  await sayIn("c2", "elsewhere");
  const other = chat();
  const there = another([other]);
  const all = () => [...surface.posts, ...other.posts].map(({ id }) => id);
  const both = () => Promise.all([projector.settle(), there.settle()]);
  await both();
  // Each may have left this round to the other.
  await both();
  expect(all().toSorted()).toEqual(["elsewhere", "m0", "m1", "m2"]);
  await clock.advance(2_000);
  await both();
  await both();
  expect(all().filter((id) => id.startsWith("m"))).toHaveLength(5);
});

test("of more changes than a chat takes, those that matter go first", async () => {
  for (let i = 0; i < 8; i++) await sayIn(`c${i}`, `m${i}`);
  await database.run(
    `INSERT INTO shipmate.runs (id, workflow, workflow_hash, input, title, by_person, state)
     SELECT 'r' || i, 'w', 'h', '{}', 't', 'ada', CASE WHEN i = 7 THEN 'waiting' ELSE 'running' END
     FROM generate_series(0, 7) i`,
  );
  await database.run("UPDATE shipmate.messages SET run = 'r' || substr(id, 2), kind = 'reply'");
  await projector.settle();
  for (let i = 0; i < 8; i++) await changeReply(database, `m${i}`, { title: "changed" });
  await clock.advance(1_000);
  await projector.settle();
  expect(surface.edits.map(({ id }) => id).toSorted()).toEqual(["m0", "m1", "m2", "m7"]);
});

test("within a thread what was said first is posted first, whichever process has it", async () => {
  await sayIn("c1", "first", "thread");
  const stuck = Promise.withResolvers<void>();
  const order: string[] = [];
  const slow: Surface = {
    ...surface,
    async post(_place, message) {
      await stuck.promise;
      order.push(message.id);
      return "ref-slow";
    },
  };
  const there = another([slow]);
  const first = there.settle();
  await expect
    .poll(async () => rows("SELECT 1 FROM shipmate.messages WHERE lease_until > 0"))
    .toHaveLength(1);
  await sayIn("c1", "second", "thread");
  await sayIn("c1", "beside");
  await projector.settle();
  expect(surface.posts.map(({ id }) => id)).toEqual(["beside"]);
  stuck.resolve();
  await first;
  await projector.settle();
  expect([...order, ...surface.posts.map(({ id }) => id)]).toContain("second");
  expect(order[0]).toBe("first");
});

test("a message that can never be posted does not hold up its thread for ever", async () => {
  await sayIn("c1", "bad", "thread");
  await sayIn("c1", "good", "thread");
  surface.post = async (_place, message) => {
    if (message.id === "bad") throw new Error("invalid_blocks");
    surface.posts.push(message);
    return message.id;
  };
  for (let i = 0; i < 12; i++) {
    await projector.settle();
    await clock.advance(61_000);
  }
  expect(surface.posts.map(({ id }) => id)).toEqual(["good"]);
});

test("a channel that does not answer holds up no other one of the same chat", async () => {
  const stuck = Promise.withResolvers<string>();
  let calls = 0;
  const half: Surface = {
    ...surface,
    post: (place, message, signal) => {
      if (place.channel !== "stuck") return surface.post(place, message, signal);
      calls += 1;
      return stuck.promise;
    },
  };
  const there = another([half]);
  await sayIn("stuck", "first");
  there.poke();
  await expect.poll(() => calls).toBe(1);
  await sayIn("stuck", "third");
  await sayIn("c1", "second");
  there.poke();
  await expect.poll(() => surface.posts.map(({ id }) => id)).toEqual(["second"]);
  // Within a channel one comes after the other.
  expect(calls).toBe(1);
  stuck.resolve("ref");
  await there.settle();
  expect(calls).toBe(2);
});

test("when a chat that was away answers again, all that waited for it is tried at once", async () => {
  surface.before = () => {
    throw new Error("socket hang up");
  };
  for (let i = 0; i < 4; i++) await sayIn(`c${i}`, `m${i}`);
  for (let i = 0; i < 5; i++) {
    await projector.settle();
    await clock.advance(30_000);
  }
  await projector.settle();
  surface.before = () => {};
  await sayIn("c9", "new");
  await projector.settle();
  expect(surface.posts.map(({ id }) => id).toSorted()).toEqual(["m0", "m1", "m2", "m3", "new"]);
});

test("a card that comes late says so, and no more once it was drawn in time", async () => {
  const shown = () => surface.there.get("ref-1")?.card.facts;
  await database.run(
    `INSERT INTO shipmate.runs (id, workflow, workflow_hash, input, title, by_person, state)
     VALUES ('r1', 'w', 'h', '{}', 'Deploy web', 'ada', 'planning')`,
  );
  await insertRoot(database, { id: "m1", run: "r1", at: { surface: "chat", channel: "c1" } });
  await projector.settle();
  expect(shown()).toEqual(["run 1"]);
  surface.before = () => {
    throw new Patience(40_000, { asked: true });
  };
  await database.run(`UPDATE shipmate.messages SET wanted_rev = wanted_rev + 1, ${behindSince}`);
  await database.run("UPDATE shipmate.runs SET state = 'queued'");
  await clock.advance(1_000);
  await projector.settle();
  surface.before = () => {};
  await clock.advance(40_000);
  await projector.settle();
  expect(shown()).toEqual(["run 1", "came 41 s late: Chat is slow to take changes"]);
  await clock.advance(10_000);
  await projector.settle();
  await projector.settle();
  expect(shown()).toEqual(["run 1"]);
  expect(surface.edits).toHaveLength(2);
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
  const slow = another([{ ...surface, budgets: [] }], { clock: () => now });
  await say("m1", "One");
  await say("m2", "Two");
  surface.after = () => {
    now += 20_000;
  };
  await slow.settle();
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
