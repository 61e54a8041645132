/**
 * How many there are of what scales by itself. Such a workload says no number, and the API server takes that for 1:
 * where it is new, or where its number was ours until now, it keeps the one that it has, and the autoscaler goes on
 * from there. Once the autoscaler has set it, the number is the autoscaler's own.
 */
import { z } from "zod";
import type { KubeObject } from "../../../expand/object.ts";
import { refOf } from "../order.ts";
import { isOurs, ownersOf } from "../plan/owners.ts";
import type { Cluster } from "../types.ts";
import { fieldOf } from "./deck.ts";

/** The cluster, for applying these objects or trying to. */
export function keepingReplicas(cluster: Cluster, objects: readonly KubeObject[]): Cluster {
  return {
    ...cluster,
    async apply(object, how, signal) {
      const least = leastFor(object, objects);
      if (least === undefined) return cluster.apply(object, how, signal);
      const live = await cluster.get(refOf(object), signal);
      if (live && !isOursToSet(live)) return cluster.apply(object, how, signal);
      const now = fieldOf(live?.["spec"], "replicas");
      const replicas = typeof now === "number" ? now : least;
      const spec = { ...(object["spec"] as object), replicas };
      return cluster.apply({ ...object, spec }, how, signal);
    },
  };
}

const Autoscaler = z.object({
  kind: z.literal("HorizontalPodAutoscaler"),
  spec: z.object({
    scaleTargetRef: z.object({ kind: z.string(), name: z.string() }),
    minReplicas: z.int().default(1),
  }),
});

/** Undefined where it says its number itself, or where nothing scales it. */
function leastFor(object: KubeObject, objects: readonly KubeObject[]): number | undefined {
  if (fieldOf(object["spec"], "replicas") !== undefined) return undefined;
  for (const one of objects) {
    const { data } = Autoscaler.safeParse(one);
    const of = data?.spec.scaleTargetRef;
    if (of?.kind === object.kind && of.name === object.metadata.name) return data?.spec.minReplicas;
  }
  return undefined;
}

function isOursToSet(live: KubeObject): boolean {
  const holders = ownersOf(live).filter(({ paths }) =>
    paths.some((path) => path.join(" ") === "spec replicas"),
  );
  return holders.length > 0 && holders.every(isOurs);
}
