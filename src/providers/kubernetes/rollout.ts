/** How the release under way is doing: the look that a deploy waits on. */
import type { Provider } from "../../core/provider.ts";
import type { clusters } from "../../roles/clusters.ts";
import { judge, silence } from "./judge.ts";
import { lastWords } from "./last-words.ts";
import type { Reading } from "./reading.ts";

type Rollout = Provider<typeof clusters>["rollout"];
type Progress = Awaited<ReturnType<Rollout>>;

/** Never throws because the cluster is silent: then it goes on, and says so. */
export function rollout(reading: Reading): Rollout {
  const judged = judge(reading);
  const words = lastWords(reading.now);
  return async (at, signal): Promise<Progress> => {
    const spot = reading.spotOf(at);
    try {
      const found = await judged(spot, signal);
      if (!found) {
        const says = `${at.service} has no release in ${at.environment}.`;
        return { state: "bad", says, version: null, ready: 0, of: 0, url: null, log: [] };
      }
      const { release, reason, state, says, stuck, ready, of } = found;
      const { version, url } = release;
      const log = stuck || state === "bad" ? await words(spot, release, state, reason, signal) : [];
      return { state, says, ...(stuck && { stuck }), version, ready, of, url, log: [...log] };
    } catch (error) {
      const silent = spot.watched.stale();
      if (signal.aborted || !silent) throw error;
      const says = silence(spot, silent, reading.now());
      return { state: "going", says, version: null, ready: 0, of: 0, url: null, log: [] };
    }
  };
}
