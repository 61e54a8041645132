/** Objects that are read before they are asked for, while something else is waited for. */
import { nameOf } from "../order.ts";
import { inTens } from "../tens.ts";
import type { Cluster, Ref } from "../types.ts";

/** The cluster, which reads these at once; each answer, or its error, is given once, and then it is asked anew. */
export function readingAhead(cluster: Cluster, refs: readonly Ref[], signal: AbortSignal): Cluster {
  const reading = inTens(refs, async (ref) => {
    const [read] = await Promise.allSettled([cluster.get(ref, signal)]);
    return read;
  });
  const places = new Map(refs.map((ref, i) => [nameOf(ref), i]));
  return {
    ...cluster,
    async get(ref, signal) {
      const place = places.get(nameOf(ref));
      if (place === undefined) return cluster.get(ref, signal);
      places.delete(nameOf(ref));
      const read = (await reading)[place];
      if (read?.status === "rejected") throw read.reason;
      return read?.value;
    },
  };
}
