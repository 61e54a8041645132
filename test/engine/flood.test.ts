/** One account that says too much is told so once, and nobody else notices. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import type { Intent } from "../../src/core/surface.ts";
import { keepFloodsOut } from "../../src/engine/flood.ts";
import type { Database } from "../../src/store/database.ts";
import { storeIntent } from "../../src/store/inbox.ts";
import { type Clock, empty, memoryDatabase, turnClock } from "../databases.ts";

let database: Database;
let clock: Clock;
let now = 0;
let posted = 0;
let isFlood: (intent: Intent) => Promise<boolean>;
beforeAll(async () => {
  database = await memoryDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await empty(database);
  clock = await turnClock(database);
  [now, posted] = [0, 0];
  isFlood = oneProcess();
});
const oneProcess = () =>
  keepFloodsOut({
    ...{ database, most: () => 30, clock: () => now },
    posted: () => {
      posted += 1;
    },
  });
async function later(milliseconds: number) {
  now += milliseconds;
  await clock.advance(milliseconds);
}

let keys = 0;
/** Gives how many of these were let in. */
async function says(who: string, times: number, heard = [isFlood]): Promise<number> {
  let taken = 0;
  for (let i = 0; i < times; i++) {
    const at = { surface: "chat", channel: `channel ${i % 3}` };
    const said = { text: "deploy web 1.4.2 to staging" };
    const intent = { key: `k${++keys}`, who: { surface: "chat", id: who }, at, said };
    await storeIntent(database, intent);
    if (!(await heard[i % heard.length]?.(intent))) taken += 1;
  }
  return taken;
}
const answers = () =>
  database.query(
    z.object({ card: z.object({ title: z.string() }), to: z.string() }),
    "SELECT card, to_account AS to FROM shipmate.messages",
  );

test("what is too much is answered once, dealt with for good, and somebody else is let in", async () => {
  expect(await says("mallory", 200)).toBe(30);
  expect(await says("ada", 5)).toBe(5);
  expect(await answers()).toEqual([
    {
      to: "mallory",
      card: expect.objectContaining({ title: expect.stringContaining("30 things") }),
    },
  ]);
  expect(posted).toBe(1);
  const Row = z.object({ open: z.number(), told: z.number() });
  const [row] = await database.query(
    Row,
    `SELECT count(*) FILTER (WHERE done_at IS NULL) AS open,
       (SELECT count(*) FROM shipmate.audit WHERE did = 'said too much') AS told FROM shipmate.inbox`,
  );
  expect(row, "30 and 5 go on to the door").toEqual({ open: 35, told: 1 });
});

test("half a minute later half as much may be said, and a minute later one is told anew", async () => {
  expect(await says("mallory", 40)).toBe(30);
  await later(30_000);
  expect(await says("mallory", 40)).toBe(15);
  expect(await answers()).toHaveLength(1);
  await later(30_000);
  expect(await says("mallory", 40)).toBe(15);
  expect(await answers()).toHaveLength(2);
});

test("who talks to five processes by turns may say as much as to one, and up to a tenth more for each of them", async () => {
  const five = Array.from({ length: 5 }, oneProcess);
  const taken = await says("mallory", 400, five);
  expect(taken).toBeGreaterThanOrEqual(30);
  expect(taken).toBeLessThanOrEqual(30 + 5 * 3);
  expect(await says("ada", 20, five)).toBe(20);
  await later(30_000);
  const more = await says("mallory", 400, five);
  expect(more).toBeGreaterThan(0);
  expect(more).toBeLessThanOrEqual(15 + 5 * 3);
});

test("who says little costs no statement", async () => {
  await says("ada", 2);
  const Row = z.object({ count: z.number() });
  expect(await database.query(Row, "SELECT count(*) FROM shipmate.said")).toEqual([{ count: 0 }]);
});

test("nobody is kept out where there is no limit", async () => {
  const free = keepFloodsOut({ database, most: () => Number.POSITIVE_INFINITY, posted: () => {} });
  isFlood = free;
  expect(await says("ada", 100)).toBe(100);
});
