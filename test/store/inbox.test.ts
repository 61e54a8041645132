import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Intent } from "../../src/core/surface.ts";
import type { Database } from "../../src/store/database.ts";
import {
  finishIntent,
  storeIntent,
  takeIntent,
  takeUpOpen,
  voidTaken,
} from "../../src/store/inbox.ts";
import { type Clock, databases, empty, turnClock } from "../databases.ts";

const spoken: Intent = {
  key: "e1",
  who: { surface: "slack", id: "U1" },
  at: { surface: "slack", channel: "C1", thread: "1.2" },
  said: { text: "deploy web 1.4.2 to production 😀" },
};
const clicked: Intent = {
  key: "e2",
  who: { surface: "slack", id: "U1" },
  at: { surface: "slack", channel: "C1" },
  said: { button: "b1", message: "m1", values: { why: "it's fine", list: [1, null] } },
};

describe.each(databases())("the inbox on $kind", ({ open }) => {
  let database: Database;
  let clock: Clock;

  beforeAll(async () => {
    database = await open();
    clock = await turnClock(database, 1_000_000);
  });
  beforeEach(async () => {
    await empty(database);
    await clock.set(1_000_000);
  });
  afterAll(() => database.close());

  test("gives an intent back as it was said", async () => {
    for (const intent of [spoken, clicked]) {
      expect(await storeIntent(database, intent)).toBe("new");
      expect(await takeIntent(database, "slack", intent.key)).toEqual({
        intent,
        at: 1_000_000,
        done: false,
        answer: null,
      });
    }
    expect(await takeIntent(database, "teams", "e1")).toBeUndefined();
  });

  test("keeps an event once, however often and at whatever moment it is delivered", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => storeIntent(database, spoken)),
    );
    expect(answers.filter((answer) => answer === "new")).toHaveLength(1);
    expect(await storeIntent(database, { ...spoken, said: { text: "other" } })).toBe("seen");
    expect(await takeIntent(database, "slack", "e1")).toMatchObject({ intent: spoken });
  });

  test("keeps events of two surfaces with the same key apart", async () => {
    await storeIntent(database, spoken);
    const other = { ...spoken, at: { surface: "console", channel: "C1" } };
    expect(await storeIntent(database, other)).toBe("new");
  });

  test("finishes an intent once, with its answer", async () => {
    await storeIntent(database, spoken);
    expect(await finishIntent(database, "slack", "e1", { is: "run", run: "r1" })).toBe(true);
    expect(await finishIntent(database, "slack", "e1", { is: "run", run: "r2" })).toBe(false);
    expect(await takeIntent(database, "slack", "e1")).toMatchObject({
      done: true,
      answer: { is: "run", run: "r1" },
    });
  });

  test("leaves an intent open when the transaction that finished it is taken back", async () => {
    await storeIntent(database, spoken);
    const crash = database.transaction(async (sql) => {
      await finishIntent(sql, "slack", "e1", null);
      throw new Error("crash");
    });
    await expect(crash).rejects.toThrow("crash");
    expect(await takeIntent(database, "slack", "e1")).toMatchObject({ done: false });
  });

  test("lets one of two who act at once finish it, and tells the other", async () => {
    await storeIntent(database, spoken);
    const finish = () => database.transaction((sql) => finishIntent(sql, "slack", "e1", null));
    const finished = await Promise.all(Array.from({ length: 5 }, finish));
    expect(finished.filter(Boolean)).toHaveLength(1);
    expect(await takeIntent(database, "slack", "e1")).toMatchObject({ done: true });
  });

  test("takes up what a crash left, the oldest first, and not what has just come", async () => {
    await storeIntent(database, clicked);
    await clock.advance(10_000);
    await storeIntent(database, spoken);
    await clock.advance(10_000);
    await storeIntent(database, { ...spoken, key: "done" });
    await finishIntent(database, "slack", "done", null);
    await storeIntent(database, { ...spoken, key: "e3" });
    const left = [
      { surface: "slack", key: "e2" },
      { surface: "slack", key: "e1" },
    ];
    expect(await takeUpOpen(database, 5_000, 16)).toEqual(left);
    expect(await takeUpOpen(database, 5_000, 16), "somebody is at them").toEqual([]);
    await clock.advance(30_000);
    expect(await takeUpOpen(database, 5_000, 1), "who took them up died").toEqual(left.slice(0, 1));
    await voidTaken(database);
    expect(await takeUpOpen(database, 5_000, 1)).toEqual(left.slice(0, 1));
  });

  test("gives each of what a crash left to one of those who ask at once", async () => {
    const keys = Array.from({ length: 40 }, (_, at) => `k${at}`);
    for (const key of keys) await storeIntent(database, { ...spoken, key });
    await clock.advance(10_000);
    const shares = await Promise.all(keys.map(() => takeUpOpen(database, 5_000, 4)));
    const taken = shares.flat().map(({ key }) => key);
    expect(new Set(taken).size).toBe(taken.length);
    const rest = (await takeUpOpen(database, 5_000, 40)).map(({ key }) => key);
    expect([...taken, ...rest].toSorted()).toEqual(keys.toSorted());
  });
});
