/**
 * A cluster as one service in one environment may use it: nothing outside of its namespace is read by name or written,
 * whoever asks for it — a manifest of a kind that belongs to the whole cluster, or a record that somebody altered.
 */
import { refuse } from "../../../core/refusal.ts";
import type { KubeObject } from "../../../expand/object.ts";
import { refOf } from "../order.ts";
import type { Cluster, Ref } from "../types.ts";

/** What lies elsewhere is not there, and refused in a sentence where it is to be written. */
export function confined(cluster: Cluster, namespace: string): Cluster {
  const isInside = async (ref: Ref, signal: AbortSignal): Promise<boolean> => {
    const kind = await cluster.serves(ref, signal);
    return kind?.namespaced !== false && ref.namespace === namespace;
  };
  /** The namespace itself may be made and looked at. */
  const isHome = ({ apiVersion, kind, name }: Ref): boolean =>
    apiVersion === "v1" && kind === "Namespace" && name === namespace;
  const insist = async (ref: Ref, signal: AbortSignal): Promise<void> => {
    if (await isInside(ref, signal)) return;
    refuse(
      `${ref.kind} ${ref.name} does not belong to the namespace ${namespace}, and nothing else is touched here: take it out of the manifests.`,
    );
  };
  const making = (object: KubeObject, signal: AbortSignal) =>
    isHome(refOf(object)) ? undefined : insist(refOf(object), signal);
  return {
    ...cluster,
    async get(ref, signal) {
      const isOurs = isHome(ref) || (await isInside(ref, signal));
      return isOurs ? cluster.get(ref, signal) : undefined;
    },
    async apply(object, how, signal) {
      await making(object, signal);
      return cluster.apply(object, how, signal);
    },
    async create(object, how, signal) {
      await making(object, signal);
      return cluster.create(object, how, signal);
    },
    async merge(ref, patch, how, signal) {
      await insist(ref, signal);
      return cluster.merge(ref, patch, how, signal);
    },
    async remove(ref, how, signal) {
      await insist(ref, signal);
      return cluster.remove(ref, how, signal);
    },
  };
}
