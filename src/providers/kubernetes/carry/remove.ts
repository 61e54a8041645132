/** The effect `remove`: takes away what the service's releases hold; databases and volumes stay with their data. */
import type { Provider } from "../../../core/provider.ts";
import type { KubeObject } from "../../../expand/object.ts";
import type { clusters } from "../../../roles/clusters.ts";
import { backwards, nameOf, refOf } from "../order.ts";
import { holdsData } from "../plan/hints.ts";
import { weigh } from "../plan/preview.ts";
import type { Ref, Release, Spot } from "../types.ts";
import { isOwn } from "../whose.ts";
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
import { leftLying } from "./laid.ts";
import { migrations } from "./migration-job.ts";
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
      const is = typeof version === "string" ? version : null;
      const line = { of: main, field: "version", from: is, to: null };
      const will = { [main]: { release: null, version: null } };
      if (planned !== undefined) {
        if (is === null) return { same: {} };
        return {
          changes: [line],
          seen: { [main]: { release: null, version: is } },
          will,
          undo: [],
        };
      }
      const refs = await belongings(spot, all, signal);
      const wanted = { objects: [], delete: refs.filter((ref) => !holdsData(ref)) };
      const weighed = await weigh(spot, spot.as(see.by), main, wanted, signal);
      const [first, ...more] = is === null ? weighed.changes : [line, ...weighed.changes];
      if (!first) return { same: {} };
      const kept = refs.filter(holdsData).map((ref) => stays(main, ref));
      const undo = back(input, all);
      return {
        // What stays is said before what goes: a card shows the first few.
        changes: is === null ? [first, ...more, ...kept] : [first, ...kept, ...more],
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
        const refs = await belongings(spot, all, signal);
        const isPlanned = Object.keys(seen).length > 1;
        for (const ref of backwards(refs.filter((one) => !holdsData(one)))) {
          const live = await cluster.get(ref, signal);
          if (live && isOwn(spot, live) && !isAnother(seen[nameOf(ref)], live, isPlanned))
            await removeOnly(cluster, ref, live, signal);
        }
        for (const job of await migrations(spot, cluster, signal))
          await removeOnly(cluster, refOf(job), job, signal);
        await records.bury(spot, signal);
        return {};
      }),
  };
}

/** What its releases hold; where there is none, what was laid for one that never came. */
function belongings(
  spot: Spot,
  all: readonly Release[],
  signal: AbortSignal,
): Promise<readonly Ref[]> | readonly Ref[] {
  return standing(all).length > 0 ? holds(all) : leftLying(spot, signal);
}

/** Not there, not ours or made anew by somebody when all were looked at, which a plan upon a plan does not: theirs. */
function isAnother(seen: unknown, live: KubeObject, isPlanned: boolean): boolean {
  return isPlanned && fieldOf(seen, "uid") !== live.metadata["uid"];
}
