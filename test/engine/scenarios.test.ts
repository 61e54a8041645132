/** Every scenario once without a crash and once with one; the crash suite has one at every await. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../../src/store/database.ts";
import { memoryDatabase } from "../databases.ts";
import { type Case, type Ended, openRig } from "./rig.ts";
import { scenarios } from "./scenarios.ts";

let database: Database;
let live: (c: Case, crashes?: readonly number[]) => Promise<Ended>;
beforeAll(async () => {
  database = await memoryDatabase();
  live = await openRig(database);
});
afterAll(() => database.close());

describe("every scenario comes to its end, with and without crashes", () => {
  const inTurn = scenarios.map((c, at) => ({ ...c, share: at % 2 === 0 ? 0.35 : 0.7 }));
  it.each(inTurn)("$name", async ({ share, ...c }) => {
    const clean = await live(c);
    c.check(clean);
    c.clean?.(clean);
    const crashed = await live(c, [Math.ceil(clean.ticks * share)]);
    c.check(crashed);
    assert.equal(crashed.picture, clean.picture);
    expect(crashed.writes.length).toBe(clean.writes.length);
  });
});
