/**
 * `npm run outages -- restarts 100`, `-- away 60`, `-- redis 50 1000`, `-- bellless 600`, `-- full 60`, `-- stops 20`,
 * `-- power 50`, `-- backup postgres`, `-- late 20`, `-- late-redis`: by hand, at full size; prints what came of it.
 */
import { away, bellless, forgetful, full, restarts, troubled } from "./dying.ts";
import { lateDatabase, lateRedis } from "./late.ts";
import { ownPostgres } from "./own-servers.ts";
import { powerCuts } from "./power.ts";
import { restored } from "./restored.ts";
import { smallDisk } from "./small-disk.ts";
import { stopping } from "./stopping.ts";

const [what = "restarts", ...given] = process.argv.slice(2);
const [first = 100, second = 1_000] = given.map(Number);
const ways: { readonly [name: string]: () => Promise<unknown> } = {
  restarts: () => troubled(restarts(first)),
  away: () => troubled(away(first * 1_000)),
  redis: () => troubled(forgetful(first, second)),
  bellless: () => troubled(bellless(first * 1_000)),
  full: async () => {
    const disk = await smallDisk(160);
    if (disk === undefined) throw new Error("only root may mount a small disk");
    return troubled(full(disk.folder, first * 1_000)).finally(() => disk.clear());
  },
  stops: async () => {
    const postgres = await ownPostgres();
    const place = { mode: "postgres", database: postgres.url } as const;
    return stopping(place, first, 20).finally(() => postgres.close());
  },
  power: () => powerCuts(first, 12),
  late: () => lateDatabase(first),
  "late-redis": () => lateRedis(),
  backup: () => restored(given[0] === "pglite" ? "pglite" : "postgres"),
};
const way = ways[what];
if (way === undefined) throw new Error(`there are ${Object.keys(ways).join(", ")}`);
console.log(JSON.stringify({ what, given, ...((await way()) as object) }, null, 2));
