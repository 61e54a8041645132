/** Power cuts under the embedded database: whatever was not synced is gone, again and again. */
import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { crowd } from "./crowd.ts";
import { openFleet } from "./fleet.ts";
import { type Judged, judge } from "./judge.ts";

export interface Cut extends Judged {
  readonly cuts: number;
  /** Syncs of the database's files, over all lives. */
  readonly syncs: number;
}

/** So many cuts, each a random moment after a deploy went on. */
export async function powerCuts(cuts: number, atOnce: number): Promise<Cut> {
  const fleet = await openFleet({ mode: "pglite" });
  const folder = join(fleet.folder, "home-0/database");
  const disk = join(fleet.folder, "disk");
  const layer = pathToFileURL(join(import.meta.dirname, "power-layer.ts")).href;
  const env = {
    ...{ POWER_FOLDER: folder, POWER_DISK: disk },
    NODE_OPTIONS: `--import=${layer}`,
  };
  const effects = async () => (await fleet.told()).effects.length;
  try {
    let replica = fleet.launch(0, { env });
    await replica.ready;
    const people = crowd(fleet, { atOnce });
    try {
      for (let n = 0; n < cuts; n += 1) {
        const before = await effects();
        while ((await effects()) === before) await sleep(5);
        await sleep(Math.random() * 200);
        replica.kill("SIGKILL");
        await replica.ended;
        await rm(folder, { recursive: true });
        await cp(disk, folder, { recursive: true });
        await rm(disk, { recursive: true });
        replica = fleet.launch(0, { env });
        await replica.ready;
      }
      const judged = await judge(fleet, people);
      const syncs = (await readFile(`${disk}.syncs`)).length;
      return { ...judged, cuts, syncs };
    } finally {
      await people.stop();
    }
  } finally {
    await fleet.close();
  }
}
