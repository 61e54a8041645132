/** The namespace of a spot: made with the first release where it is not there, and never taken away. */
import type { Seen } from "../../../core/plan.ts";
import { type KubeObject, marks } from "../../../expand/object.ts";
import { nameOf, refOf } from "../order.ts";
import { denied } from "../plan/deny.ts";
import { ApiError, type Cluster, type Spot } from "../types.ts";

/** What has to be made; undefined where it is there, or where we may not know. */
export async function missingNamespace(
  spot: Spot,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const namespace = namespaceOf(spot);
  try {
    return (await cluster.get(refOf(namespace), signal)) ? undefined : namespace;
  } catch (error) {
    if (error instanceof ApiError && error.code === 403) return undefined;
    throw denied(error, `looking for the namespace ${spot.namespace}`);
  }
}

/** Where the plan says that it is to be made; one that is there by now will do. */
export async function makeNamespace(
  spot: Spot,
  cluster: Cluster,
  seen: Seen,
  signal: AbortSignal,
): Promise<void> {
  const namespace = namespaceOf(spot);
  if (seen[nameOf(namespace)] !== null) return;
  try {
    await cluster.create(namespace, {}, signal);
  } catch (error) {
    if (error instanceof ApiError && error.reason === "AlreadyExists") return;
    throw denied(error, `making the namespace ${spot.namespace}`);
  }
}

const namespaceOf = ({ namespace }: Spot): KubeObject => ({
  ...{ apiVersion: "v1", kind: "Namespace" },
  metadata: { name: namespace, labels: { [marks.managedBy]: marks.us } },
});
