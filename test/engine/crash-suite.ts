/** The crash matrix as a suite; split into parts that can run side by side. */
import { afterAll, beforeAll, describe, it } from "vitest";
import type { Database } from "../../src/store/database.ts";
import { memoryDatabase } from "../databases.ts";
import { crashEverywhere, type Tally } from "./matrix.ts";
import { type Case, type Ended, openRig } from "./rig.ts";
import { scenarios } from "./scenarios.ts";

/** SHIPMATE_TEST_SHORT=1 crashes at every ninth await only. */
const short = process.env["SHIPMATE_TEST_SHORT"] === "1";

export function crashSuite({ part, of }: { readonly part: number; readonly of: number }): void {
  let database: Database;
  let live: (c: Case, crashes?: readonly number[]) => Promise<Ended>;
  const total: Tally = { lives: 0, crashes: 0 };
  beforeAll(async () => {
    database = await memoryDatabase();
    live = await openRig(database);
  });
  afterAll(async () => {
    await database.close();
    console.log(`part ${part + 1} of ${of}: ${total.lives} lives with ${total.crashes} crashes`);
  });
  describe(`each effect happens once, wherever the engine dies (part ${part + 1} of ${of})`, () => {
    const mine = scenarios.filter((_, i) => i % of === part);
    it.each(mine.map((c, i) => ({ ...c, i })))("$name", { timeout: 1_800_000 }, async (c) => {
      const how = short
        ? { stride: 9, first: 1 + (c.i % 9), several: 2 }
        : { stride: 1, first: 1, several: 40 };
      const { lives, crashes } = await crashEverywhere(live, c, how);
      total.lives += lives;
      total.crashes += crashes;
    });
  });
}
