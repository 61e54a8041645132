/** The crash matrix as a suite; split into parts that can run side by side. */
import { afterAll, beforeAll, describe, it } from "vitest";
import type { Database } from "../../src/store/database.ts";
import { memoryDatabase } from "../databases.ts";
import { crashEverywhere, type Tally } from "./matrix.ts";
import { type Case, type Ended, openRig } from "./rig.ts";
import { scenarios } from "./scenarios.ts";

export interface Part {
  /** From 1 on. */
  readonly part: number;
  readonly of: number;
  /** A crash at every so many awaits; scenarios begin at different ones. */
  readonly stride: number;
  /** How many lives with a dozen crashes each besides. */
  readonly several: number;
}

export function crashSuite({ part, of, stride, several }: Part): void {
  let database: Database;
  let live: (c: Case, crashes?: readonly number[]) => Promise<Ended>;
  const total: Tally = { lives: 0, crashes: 0 };
  beforeAll(async () => {
    database = await memoryDatabase();
    live = await openRig(database);
  });
  afterAll(async () => {
    await database.close();
    console.log(`part ${part} of ${of}: ${total.lives} lives with ${total.crashes} crashes`);
  });
  const mine = scenarios
    .map((c, i) => ({ ...c, first: 1 + (i % stride) }))
    .filter((_, i) => i % of === part - 1);
  describe(`each effect happens once, wherever the engine dies (part ${part} of ${of})`, () => {
    it.each(mine)("$name", { timeout: 1_800_000 }, async (c) => {
      const { lives, crashes } = await crashEverywhere(live, c, {
        stride,
        first: c.first,
        several,
      });
      total.lives += lives;
      total.crashes += crashes;
    });
  });
}
