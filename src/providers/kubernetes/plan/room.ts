/** Whether the pods of a release would be let in and find room: asked before anybody is asked to approve. */
import { refuse } from "../../../core/refusal.ts";
import type { KubeObject } from "../../../expand/object.ts";
import { inTens } from "../tens.ts";
import { ApiError, type Cluster, type Spot } from "../types.ts";
import { denied } from "./deny.ts";
import { amountOf, isMap, type Value, valueAt } from "./diff.ts";
import { missing } from "./missing.ts";
import { mapsIn, templateOf } from "./templates.ts";
import type { Wanted } from "./wanted.ts";

/** A workload that would change: what it is, and what it becomes. */
export interface Touched {
  readonly object: KubeObject;
  readonly live: KubeObject | undefined;
  readonly after: KubeObject;
}

/** Refuses in one sentence what the pods would lack. */
export async function room(
  spot: Spot,
  cluster: Cluster,
  { wanted, touched }: { readonly wanted: Wanted; readonly touched: readonly Touched[] },
  signal: AbortSignal,
): Promise<void> {
  const workloads = touched.filter(({ object }) => templateOf(object) !== undefined);
  // What is deleted may be missed by those that stay as they are, too.
  const needing = wanted.delete.length > 0 ? wanted.objects : workloads.map(({ object }) => object);
  if (workloads.length === 0 && wanted.delete.length === 0) return;
  const [pods, quotas] = await Promise.all([
    inTens(workloads, (workload) => podOf(spot, cluster, wanted, workload, signal)),
    quotasOf(spot, cluster, signal),
    missing(spot, cluster, wanted, needing, signal),
  ]);
  const asks = workloads.map((workload, at) => askOf(workload, pods[at], wanted));
  for (const quota of quotas) fits(spot.service, quota, asks);
}

/** A pod of the workload as the API server would let it in, with its defaults. */
async function podOf(
  { namespace }: Spot,
  cluster: Cluster,
  wanted: Wanted,
  { object, after }: Touched,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const { metadata, spec } = templateOf(after) ?? {};
  if (!isMap(spec) || !isPlaceable(object)) return undefined;
  const account = spec["serviceAccountName"];
  const comes = wanted.objects.some(
    ({ kind, metadata: { name } }) => kind === "ServiceAccount" && name === account,
  );
  const { serviceAccountName: _, serviceAccount: __, ...others } = spec;
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...(isMap(metadata) && metadata),
      generateName: `${object.metadata.name.slice(0, 40)}-`,
      namespace,
    },
    // An account that comes with this release is not there yet.
    spec: comes ? others : spec,
  };
  try {
    return await cluster.create(pod as unknown as KubeObject, { dryRun: true }, signal);
  } catch (error) {
    if (error instanceof ApiError && isNotAsked(error)) return undefined;
    throw denied(error, `a pod of ${object.kind} ${object.metadata.name}`);
  }
}

/** Pods of a job never restart always; all others may be tried as they are. */
function isPlaceable(object: KubeObject): boolean {
  return object.kind !== "ReplicaSet";
}

/** Who deploys need not be allowed to create pods; and what is left of a quota is for `fits` to judge. */
function isNotAsked({ code, message }: ApiError): boolean {
  return (
    code === 403 &&
    (/cannot create resource "pods"/.test(message) || /exceeded quota/.test(message))
  );
}

/** What a rollout needs at once of each resource: when it begins, and when it ends. */
interface Ask {
  /** Of `name` (`pods`, `requests.memory`), more than now. */
  peak(name: string): number;
  final(name: string): number;
}

function askOf({ object, live, after }: Touched, pod: KubeObject | undefined, wanted: Wanted): Ask {
  const fresh = (pod ?? templateOf(after))?.["spec"] as Value;
  const old = templateOf(live ?? after)?.["spec"];
  const n = replicasOf(object, after, wanted);
  const before = live === undefined ? 0 : replicasOf(object, live, wanted);
  // One more than there are where none may be away meanwhile, as Deployments do unless told otherwise.
  const surge = object.kind === "Deployment" && live !== undefined && isOneMore(after, n) ? 1 : 0;
  const extra = (name: string, k: number, more: number) =>
    k * useOf(fresh, name) +
    Math.max(0, before - k + more) * useOf(old, name) -
    before * useOf(old, name);
  if (object.kind !== "Deployment" && object.kind !== "StatefulSet")
    return { peak: () => 0, final: () => 0 };
  if (fresh === undefined) return { peak: () => 0, final: () => 0 };
  return {
    peak: (name) => (n === 0 ? 0 : Math.max(extra(name, 1, surge), extra(name, n, surge))),
    final: (name) => extra(name, n, 0),
  };
}

function isOneMore(deployment: KubeObject, replicas: number): boolean {
  const strategy = valueAt(deployment as Value, ["spec", "strategy"]);
  if (valueAt(strategy, ["type"]) === "Recreate") return false;
  const away = valueAt(strategy, ["rollingUpdate", "maxUnavailable"]) ?? "25%";
  const part =
    typeof away === "string"
      ? Math.floor((Number.parseFloat(away) / 100) * replicas)
      : Number(away);
  return part < 1;
}

/** Under an autoscaler at least as many as it keeps. */
function replicasOf(object: KubeObject, state: KubeObject, wanted: Wanted): number {
  const set = valueAt(state as Value, ["spec", "replicas"]);
  const scaler = wanted.objects.find(
    (one) =>
      one.kind === "HorizontalPodAutoscaler" &&
      valueAt(one as Value, ["spec", "scaleTargetRef", "name"]) === object.metadata.name &&
      valueAt(one as Value, ["spec", "scaleTargetRef", "kind"]) === object.kind,
  );
  const least = valueAt(scaler as Value, ["spec", "minReplicas"]);
  const isLive = state !== object && set !== undefined;
  const now = isLive ? Number(set) : Number(set ?? 1);
  return typeof least === "number" ? Math.max(least, now) : now;
}

/** What one pod takes of a quota's resource: `requests.memory`, `cpu`, `pods`. */
function useOf(spec: Value, name: string): number {
  if (name === "pods" || name === "count/pods") return 1;
  const [, side = "requests", resource = ""] =
    /^(?:(requests|limits)\.)?(cpu|memory|ephemeral-storage)$/.exec(name) ?? [];
  const one = (container: Value) =>
    amountOf(valueAt(container, ["resources", side, resource])) ??
    // What has only a limit requests as much.
    amountOf(valueAt(container, ["resources", "limits", resource])) ??
    0;
  const [first, lasting] = [mapsIn(spec, "initContainers"), mapsIn(spec, "containers")];
  const stays = first.filter((container) => container["restartPolicy"] === "Always");
  const sum = [...lasting, ...stays].map(one).reduce((a, b) => a + b, 0);
  return Math.max(sum, ...first.map(one)) + (amountOf(valueAt(spec, ["overhead", resource])) ?? 0);
}

/** Quotas that count all pods. One with a scope counts some of them, and the rollout's own reason tells of it. */
async function quotasOf(
  { namespace }: Spot,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  try {
    const quotas = await cluster.list(
      { apiVersion: "v1", kind: "ResourceQuota" },
      { namespace },
      signal,
    );
    return quotas.filter((quota) => {
      const spec = quota["spec"];
      return isMap(spec) && spec["scopes"] === undefined && spec["scopeSelector"] === undefined;
    });
  } catch (error) {
    if (error instanceof ApiError && error.code === 403) return [];
    throw error;
  }
}

function fits(service: string, quota: KubeObject, asks: readonly Ask[]): void {
  const hard = valueAt(quota as Value, ["status", "hard"]);
  for (const [name, limit] of Object.entries(isMap(hard) ? hard : {})) {
    const most = amountOf(limit);
    if (most === undefined || !counted.test(name)) continue;
    const left = most - (amountOf(valueAt(quota as Value, ["status", "used", name])) ?? 0);
    const final = asks.reduce((sum, ask) => sum + ask.final(name), 0);
    const needs = Math.max(final, ...asks.map((ask) => ask.peak(name)));
    if (needs <= 0 || needs <= left + 1e-9) continue;
    const [what, show] = unitsOf(name);
    refuse(
      `${service} needs ${show(needs)} more ${what} than now, but the quota ${quota.metadata.name} leaves ${show(Math.max(0, left))} of ${show(most)}: ask for less, free some, or have the quota raised.`,
    );
  }
}
const counted = /^(?:pods|count\/pods|(?:(?:requests|limits)\.)?(?:cpu|memory|ephemeral-storage))$/;

function unitsOf(name: string): readonly [string, (n: number) => string] {
  const resource = name.replace(/^(?:requests|limits|count)[./]/, "");
  const what = name.startsWith("limits.") ? `${resource} limit` : resource;
  if (resource === "pods") return ["pods", (n) => `${Math.ceil(n)}`];
  if (resource === "cpu") return [what, (n) => `${round(n)} CPU`];
  return [what, bytes];
}

function bytes(n: number): string {
  for (const [unit, size] of [
    ["GiB", 2 ** 30],
    ["MiB", 2 ** 20],
    ["KiB", 2 ** 10],
  ] as const)
    if (n >= size) return `${round(n / size)} ${unit}`;
  return `${Math.round(n)} bytes`;
}

function round(n: number): number {
  return Math.round(n * 100) / 100;
}
