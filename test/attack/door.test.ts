/** What presses and votes can be made to do that their buttons do not say. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { createDoor } from "../../src/engine/door.ts";
import { createEngine } from "../../src/engine/engine.ts";
import { defineCommand } from "../../src/index.ts";
import { insertButtons } from "../../src/store/buttons.ts";
import type { Database } from "../../src/store/database.ts";
import { storeIntent } from "../../src/store/inbox.ts";
import { insertReply } from "../../src/store/messages.ts";
import { empty, memoryDatabase } from "../databases.ts";
import { make, servesInto } from "./made.ts";

const made: string[] = [];
const served = servesInto(made);
const said: unknown[] = [];
const commands = [
  defineCommand({
    name: "echo",
    summary: "Remembers what it was given",
    examples: ["echo web"],
    args: {
      name: z.string(),
      form: z.record(z.string(), z.json()).optional().meta({ hidden: true }),
    },
    run: ({ args }) => {
      said.push(args);
      return { title: "Echo" };
    },
  }),
];
const people = new Map(["ada", "grace"].map((id) => [id, { id, name: id }]));

let database: Database;
beforeAll(async () => {
  database = await memoryDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  made.length = said.length = 0;
  await empty(database);
});

function open() {
  let ids = 0;
  const engine = createEngine({
    database,
    served: [served],
    workflows: [make],
    id: () => `run-${++ids}`,
    policy: () => ({
      policy: "1",
      needs: [{ of: "payments", count: 1, people: ["grace"] }],
      rule: "one of payments",
      expires: 1_000,
    }),
  });
  const door = createDoor({
    database,
    engine,
    commands,
    policy: {
      identify: ({ id }) => people.get(id),
      may: () => ({ ok: true }),
      rights: () => "may do everything",
    },
    mask: (text) => text,
    posted: () => {},
    troubled: () => {},
    closing: new AbortController().signal,
  });
  return { engine, door };
}

const at = { surface: "console", channel: "general" };
const who = { surface: "console", id: "ada" };

test("what a button of a message says can't be changed by what is sent along with the press", async () => {
  const { door } = open();
  await insertReply(database, { id: "message", at, card: { title: "Press" } });
  const button = { id: "button", message: "message", ...at, command: "echo" };
  await insertButtons(database, [{ ...button, args: { name: "web" } }]);
  const values = { name: "another", more: 1 };
  await door.store({ key: "1", who, at, said: { button: "button", message: "message", values } });
  await door.enter("1", "console");
  expect(said).toMatchObject([{ name: "web", form: { more: 1 } }]);
});

test("an intent that nobody can read does not keep those after it from being taken up", async () => {
  const { door } = open();
  await storeIntent(database, { key: "bad", who, at, said: { nonsense: true } as never });
  await door.store({ key: "good", who, at, said: { text: "echo web" } });
  await door.takeUp(0).catch(() => {});
  expect(said).toEqual([{ name: "web" }]);
});

test("a button works in a conversation of two that was addressed by its person, where the surface has its own name for it", async () => {
  const { door } = open();
  const slack = { surface: "slack", id: "ada" };
  const dm = { surface: "slack", channel: "U1" };
  await insertReply(database, { id: "message", at: dm, card: { title: "Press" } });
  await database.run("UPDATE shipmate.messages SET ref = 'D9:17.5' WHERE id = 'message'");
  const button = { id: "button", message: "message", ...dm, command: "echo" };
  await insertButtons(database, [{ ...button, args: { name: "web" } }]);
  const at = { surface: "slack", channel: "D9" };
  await door.store({
    ...{ key: "1", who: slack, at },
    said: { button: "button", message: "D9:17.5" },
  });
  await door.enter("1", "slack");
  expect(said).toEqual([{ name: "web" }]);
});
