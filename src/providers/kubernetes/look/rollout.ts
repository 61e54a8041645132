/** How the release under way is doing: the look that a deploy waits on. */
import type { Provider } from "../../../core/provider.ts";
import type { clusters } from "../../../roles/clusters.ts";
import type { Spot } from "../types.ts";
import { judge, silence } from "./judge.ts";
import { lastWords } from "./last-words.ts";
import type { Reading } from "./reading.ts";

type Rollout = Provider<typeof clusters>["rollout"];
type Progress = Awaited<ReturnType<Rollout>>;

/** Never throws because the cluster is silent: then it goes on, and says so. */
export function rollout(reading: Reading): Rollout {
  const judged = judge(reading);
  const words = lastWords(reading.now);
  return async (at, signal, by): Promise<Progress> => {
    const spot = reading.spotOf(at);
    try {
      const found = await judged(spot, signal);
      if (!found) {
        const says = await lost(spot, signal);
        return { state: "bad", says, version: null, ready: 0, of: 0, url: null, log: [] };
      }
      const { release, reason, state, says, stuck, ready, of } = found;
      const { version, url } = release;
      const isTold = stuck || state === "bad";
      const log = isTold ? await words(spot, release, state, reason, signal, by) : [];
      return { state, says, ...(stuck && { stuck }), version, ready, of, url, log: [...log] };
    } catch (error) {
      const silent = spot.watched.stale();
      if (signal.aborted || !silent) throw error;
      const says = silence(spot, silent, reading.now());
      return { state: "going", says, version: null, ready: 0, of: 0, url: null, log: [] };
    }
  };
}

/** Why there is no release any more. */
async function lost(spot: Spot, signal: AbortSignal): Promise<string> {
  const { service, environment, namespace, own } = spot;
  const home = { apiVersion: "v1", kind: "Namespace", name: namespace };
  // Where we may not look at namespaces it is taken for one that is there.
  const found = await own.get(home, signal).catch(() => ({ metadata: {} }));
  return found === undefined || "deletionTimestamp" in found.metadata
    ? `Somebody deleted the namespace ${namespace}, and ${service} in ${environment} with it.`
    : `${service} has no release in ${environment} any more: somebody removed it.`;
}
