/** The effect `remove`: takes away what the service's releases hold; databases and volumes stay with their data. */
import type { Provider } from "../../core/provider.ts";
import type { KubeObject } from "../../expand/object.ts";
import type { clusters } from "../../roles/clusters.ts";
import { removeOnly } from "./apply.ts";
import {
  back,
  coalesced,
  type Deck,
  fieldOf,
  holds,
  mainOf,
  requireNewest,
  resting,
  standing,
} from "./deck.ts";
import { holdsData } from "./hints.ts";
import { migrations } from "./migration-job.ts";
import { backwards, nameOf, refOf } from "./order.ts";
import { weigh } from "./preview.ts";
import { stays } from "./release.ts";

export function remove(deck: Deck): Provider<typeof clusters>["remove"] {
  const { records } = deck;
  const once = coalesced<Record<string, never>>();
  return {
    async preview(input, see) {
      const { signal } = see;
      const spot = deck.spotOf(input);
      const main = mainOf(input);
      const all = await records.list(spot, signal);
      const [newest] = standing(all);
      const planned = see.planned(main);
      const version = planned === undefined ? newest?.version : fieldOf(planned, "version");
      if (typeof version !== "string") return { same: {} };
      const first = { of: main, field: "version", from: version, to: null };
      const will = { [main]: { release: null, version: null } };
      if (planned !== undefined)
        return { changes: [first], seen: { [main]: { release: null, version } }, will, undo: [] };
      const wanted = { objects: [], delete: holds(all).filter((ref) => !holdsData(ref)) };
      const weighed = await weigh(spot, spot.as(see.by), main, wanted, signal);
      const kept = holds(all)
        .filter(holdsData)
        .map((ref) => stays(main, ref));
      const undo = back(input, all);
      return {
        changes: [first, ...weighed.changes, ...kept],
        seen: { [main]: resting(newest), ...weighed.seen },
        will: { ...will, ...weighed.will },
        undo: undo.op === "clusters.release" ? [undo] : [],
      };
    },

    run: (input, { key, seen, by, signal }) =>
      once(key, async () => {
        signal.throwIfAborted();
        const spot = deck.spotOf(input);
        const cluster = spot.as(by);
        const all = await records.list(spot, signal);
        if (standing(all).length === 0 && fieldOf(seen[mainOf(input)], "version") !== null)
          return {}; // an earlier try under this key, or somebody else, came to the end
        requireNewest(input, seen, standing(all)[0]);
        const refs = backwards(holds(all).filter((ref) => !holdsData(ref)));
        for (const ref of refs) {
          const live = await cluster.get(ref, signal);
          if (live && !isAnother(seen[nameOf(ref)], live))
            await removeOnly(cluster, ref, live, signal);
        }
        for (const job of await migrations(spot, cluster, signal))
          await removeOnly(cluster, refOf(job), job, signal);
        await records.bury(spot, signal);
        return {};
      }),
  };
}

/** Not there, not ours or made anew by somebody when it was looked at: theirs. */
function isAnother(seen: unknown, live: KubeObject): boolean {
  return seen !== undefined && fieldOf(seen, "uid") !== live.metadata["uid"];
}
