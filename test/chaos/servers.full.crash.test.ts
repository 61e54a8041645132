/** What of `npm run outages` takes too long for every change: a stop with much under way, PostgreSQL's full disk, the embedded backup. */
import { expect, onTestFinished, test } from "vitest";
import { full, troubled } from "./dying.ts";
import { ownPostgres } from "./own-servers.ts";
import { restoreTest } from "./restore-test.ts";
import { smallDisk } from "./small-disk.ts";
import { stopping } from "./stopping.ts";

test("asked to end with 20 runs in flight it ends in order and quietly, and the next one brings them to their end", async () => {
  const postgres = await ownPostgres();
  onTestFinished(() => postgres.close());
  const { stops } = await stopping({ mode: "postgres", database: postgres.url }, 1, 20);
  expect(stops).toMatchObject([{ code: 0, said: "" }]);
});

test("PostgreSQL's disk is full: `/readyz` says so, and with room everything goes on by itself", async (context) => {
  const disk = (await smallDisk(160)) ?? context.skip("only root may mount a small disk");
  onTestFinished(() => disk.clear());
  const { runs } = await troubled(full(disk.folder, 2_000));
  expect(runs).toBeGreaterThan(0);
});

restoreTest("pglite");
