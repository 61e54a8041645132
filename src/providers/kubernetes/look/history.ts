/** What was released, as the records tell. */
import type { Provider } from "../../../core/provider.ts";
import type { clusters } from "../../../roles/clusters.ts";
import { idOf } from "../carry/deck.ts";
import { judge } from "./judge.ts";
import type { Reading } from "./reading.ts";

/** The newest first; nothing once the service was removed. A release that nobody has watched is judged first. */
export function history(reading: Reading): Provider<typeof clusters>["history"] {
  const judged = judge(reading);
  return async (at, signal) => {
    const spot = reading.spotOf(at);
    // Where the cluster is silent, or its watch may not read, the records still tell.
    await judged(spot, signal).catch(() => undefined);
    signal.throwIfAborted();
    const all = await reading.records.list(spot, signal);
    return all
      .filter(({ state }) => state !== "removed")
      .map(({ number, uid, version, state, at, by, why }) => ({
        version,
        good: state === "good" || state === "adopted",
        at,
        id: idOf({ number, uid }),
        ...(by === undefined ? {} : { by }),
        ...(why !== undefined
          ? { why }
          : state === "going" || state === "applying"
            ? { why: "not ready yet" }
            : {}),
      }));
  };
}
