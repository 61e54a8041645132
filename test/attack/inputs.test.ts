/** Inputs that look like the engine's own marks must stay what people typed. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { createEngine } from "../../src/engine/engine.ts";
import { serve } from "../../src/engine/operations.ts";
import { defineWorkflow, effect, role } from "../../src/index.ts";
import type { Database } from "../../src/store/database.ts";
import { empty, memoryDatabase } from "../databases.ts";

const ran: unknown[] = [];
const vault = role("vault", {
  open: effect({
    input: z.object({ name: z.string() }),
    result: z.object({ token: z.string() }),
    on: () => ["staging/vault"],
    says: () => "open the vault",
  }),
  write: effect({
    input: z.object({ text: z.unknown() }),
    result: z.object({}),
    on: () => ["staging/page"],
    says: () => "write it on the page",
  }),
});
const stays = { seen: {}, will: {}, undo: { irreversible: "it stays" } };
const served = serve(vault, "fake", {
  open: {
    preview: async () => ({ changes: [{ of: "vault", from: null, to: "open" }], ...stays }),
    run: async () => ({ token: "the-vault-token" }),
  },
  write: {
    preview: async () => ({ changes: [{ of: "page", from: null, to: "written" }], ...stays }),
    run: async ({ text }) => {
      ran.push(text);
      return {};
    },
  },
});
const note = defineWorkflow({
  name: "note",
  input: z.object({ text: z.json() }),
  title: () => "Note",
  run: async (step, { text }) => {
    await step.change("write", [vault.open({ name: "vault" }), vault.write({ text })]);
  },
});

let database: Database;
beforeAll(async () => {
  database = await memoryDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  ran.length = 0;
  await empty(database);
});

async function write(text: unknown) {
  let ids = 0;
  const engine = createEngine({
    database,
    served: [served],
    workflows: [note],
    id: () => `run-${++ids}`,
    policy: () => ({ policy: "1", needs: [], rule: "nobody has to", expires: 1_000 }),
  });
  const by = { id: "ada", name: "Ada" };
  await engine.start(database, { workflow: "note", input: { text }, by });
  await engine.turn();
  await engine.close();
  const [run] = await database.query(
    z.object({ state: z.string(), says: z.string() }),
    "SELECT state, says FROM shipmate.runs",
  );
  return run;
}

test.each([
  ["with a path to another result", { $from: "0", path: ["token"] }],
  ["without a path", { $from: "0" }],
  ["deep inside", { a: [{ b: { $from: "0", path: ["token"] } }] }],
])("a person's input that looks like a late value is refused by name: %s", async (_, text) => {
  const run = await write(text);
  expect(ran).toEqual([]);
  expect(run?.state).toBe("refused");
  expect(run?.says).toContain('"$from"');
});

test("every other input arrives as it was typed", async () => {
  const text = JSON.parse('{"__proto__":{"a":1},"constructor":{"b":null},"from":"0","$to":[]}');
  expect((await write(text))?.state).toBe("succeeded");
  expect(ran).toEqual([{ constructor: { b: null }, from: "0", $to: [] }]);
  expect(Object.getPrototypeOf(ran[0])).toBe(Object.prototype);
});
