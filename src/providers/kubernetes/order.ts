/** In which order objects are applied, and how each is named. */
import type { KubeObject } from "../../expand/object.ts";
import type { Ref } from "./types.ts";

/** What others need comes first; deletion goes the other way round. Equals stay in the order that they had. */
export function inOrder(objects: readonly KubeObject[]): readonly KubeObject[] {
  return objects.toSorted((a, b) => placeOf(a) - placeOf(b));
}

/** The same for what is taken away. */
export function backwards(refs: readonly Ref[]): readonly Ref[] {
  return refs.toSorted((a, b) => placeOf(b) - placeOf(a));
}

/** What people ask about comes first, and what serves it last: a card shows the first few. */
export function asRead<T extends { readonly object: Pick<Ref, "kind"> }>(
  all: readonly T[],
): readonly T[] {
  const place = ({ object: { kind } }: T): number => {
    const at = reading.findIndex((some) => some.includes(kind));
    return at < 0 ? 1 : at;
  };
  return all.toSorted((a, b) => place(a) - place(b));
}

/** `Deployment/web`; for a kind that the cluster was extended with `Cluster.postgresql.cnpg.io/web-db`. */
export function nameOf(of: KubeObject | Ref): string {
  const { group } = groupOf(of.apiVersion);
  const name = "metadata" in of && isObject(of) ? of.metadata.name : (of as Ref).name;
  return isBuiltIn(group) ? `${of.kind}/${name}` : `${of.kind}.${group}/${name}`;
}

/** The workload that is the service: of its name, or the only one. */
export function chiefOf(service: string, objects: readonly KubeObject[]): KubeObject | undefined {
  const workloads = objects.filter(({ kind }) => workloadKinds.has(kind));
  const named = workloads.find(({ metadata }) => metadata.name === service);
  return named ?? (workloads.length === 1 ? workloads[0] : undefined);
}

export function groupOf(apiVersion: string): { readonly group: string; readonly version: string } {
  const [group = "", version] = apiVersion.split("/");
  return version === undefined ? { group: "", version: group } : { group, version };
}

/** Kubernetes' own groups: `apps`, `networking.k8s.io`. */
export function isBuiltIn(group: string): boolean {
  return !group.includes(".") || group.endsWith(".k8s.io");
}

export function refOf({ apiVersion, kind, metadata }: KubeObject): Ref {
  const { name, namespace } = metadata;
  return { apiVersion, kind, name, ...(namespace !== undefined && { namespace }) };
}

function isObject(of: KubeObject | Ref): of is KubeObject {
  return typeof of["metadata" as keyof typeof of] === "object";
}

function placeOf({ apiVersion, kind }: Pick<Ref, "apiVersion" | "kind">): number {
  const at = kinds.findIndex((some) => some.includes(kind));
  if (at >= 0 && isBuiltIn(groupOf(apiVersion).group)) return at;
  return customs;
}

/** Databases and whatever else an operator makes: after what they read, before what reads their Secrets. */
const customs = 8;
const kinds: readonly (readonly string[])[] = [
  ["Namespace"],
  ["CustomResourceDefinition"],
  ["PriorityClass", "StorageClass", "IngressClass", "RuntimeClass", "GatewayClass"],
  ["ResourceQuota", "LimitRange"],
  ["ServiceAccount"],
  ["ClusterRole", "Role", "ClusterRoleBinding", "RoleBinding"],
  ["ConfigMap", "Secret"],
  ["PersistentVolume", "PersistentVolumeClaim"],
  [], // customs
  ["NetworkPolicy"],
  ["Service", "Endpoints", "EndpointSlice"],
  ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod", "Job", "CronJob"],
  ["HorizontalPodAutoscaler", "PodDisruptionBudget"],
  ["Gateway", "Ingress", "HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "ReferenceGrant"],
];
const reading: readonly (readonly string[])[] = [
  ["Deployment", "StatefulSet", "DaemonSet", "CronJob"],
  [], // all that is not named here: databases, volumes, what a cluster is extended with
  ["Ingress", "HTTPRoute", "GRPCRoute", "HorizontalPodAutoscaler"],
  ["Service", "ConfigMap", "Secret"],
  ["PodDisruptionBudget", "NetworkPolicy", "ServiceAccount", "Role", "RoleBinding"],
];
const workloadKinds = new Set(["Deployment", "StatefulSet", "DaemonSet", "CronJob"]);
