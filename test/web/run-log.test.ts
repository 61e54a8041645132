import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Stream } from "../../src/core/operation.ts";
import { Refusal, refuse } from "../../src/core/refusal.ts";
import type { Database } from "../../src/store/database.ts";
import { addTargets } from "../../src/store/run-lists.ts";
import { runLog } from "../../src/web/run-log.ts";
import { empty, memoryDatabase } from "../databases.ts";

let database: Database;
beforeAll(async () => {
  database = await memoryDatabase();
});
beforeEach(() => empty(database));
afterAll(() => database.close());

const { signal } = new AbortController();
async function lines(
  run: string,
  stream: (input: unknown, person: string) => AsyncIterable<unknown>,
) {
  const follow = runLog({
    database,
    services: () => ["web", "hello"],
    stream: (person, op: Stream) => stream(op.input, person),
  });
  const all: string[] = [];
  for await (const { text } of follow("ada", run, signal)) all.push(text);
  return all;
}

test("a run of one service shows that service's lines as they are", async () => {
  await addTargets(database, "r1", ["production/web"]);
  const asked: unknown[] = [];
  const got = await lines("r1", async function* (input, person) {
    asked.push([input, person]);
    yield { text: "one", from: "web-1", at: 1 };
    yield { text: "two", from: "web-1", at: 2 };
  });
  expect(got).toEqual(["one", "two"]);
  expect(asked).toEqual([
    [{ service: "web", environment: "production", tail: 200, follow: true }, "ada"],
  ]);
});

test("a run of several says whose line it is, and leaves out what writes no log", async () => {
  await addTargets(database, "r2", [
    "production/web",
    "production/hello",
    "production/web-db",
    "production/web/volume",
  ]);
  const got = await lines("r2", async function* (input) {
    yield { text: JSON.stringify(input).includes("hello") ? "a" : "b" };
  });
  expect(got.toSorted()).toEqual(["hello a", "web b"]);
});

test("a run that touches nothing yet says so, and what a person may not read stays unread", async () => {
  await expect(lines("r3", () => refuse("unreached"))).rejects.toThrow(
    new Refusal("Nothing that writes a log is part of this run yet."),
  );
  await addTargets(database, "r4", ["production/web"]);
  await expect(lines("r4", () => refuse("Only payments may read this."))).rejects.toThrow(Refusal);
});

test("when the page goes away, every stream is closed", async () => {
  await addTargets(database, "r5", ["production/web", "staging/web"]);
  let closed = 0;
  const follow = runLog({
    database,
    services: () => ["web"],
    stream: async function* () {
      try {
        for (;;) yield { text: "x" };
      } finally {
        closed += 1;
      }
    },
  });
  for await (const _ of follow("ada", "r5", signal)) break;
  await expect.poll(() => closed).toBe(2);
});
