/** What keeps a service's pods running, as the watch remembers it: how far each rollout is, and which pods are new. */
import { z } from "zod";
import { type KubeObject, marks } from "../../../expand/object.ts";
import type { Ref, Spot, WatchedKind } from "../types.ts";
import { Metadata, type Pod, parsed, remembered } from "./pods.ts";
import type { Place } from "./reading.ts";

export interface Workload {
  readonly kind: "Deployment" | "StatefulSet" | "DaemonSet";
  readonly name: string;
  readonly uid: string;
  /** The newest release whose content was applied to it. */
  readonly release: number | undefined;
  /** Whether its controller has seen what was applied last. */
  readonly observed: boolean;
  /** Since when, where somebody paused it. */
  readonly paused: number | undefined;
  readonly wanted: number;
  /** How many of the new ones are ready. */
  readonly ready: number;
  /** Old pods that still count. */
  readonly old: number;
  /** Whether all that is wanted is new, ready and there for long enough. */
  readonly complete: boolean;
  /** All of its pods, also those that are being stopped. */
  readonly pods: readonly Pod[];
  /** Of them, those of its newest template. */
  readonly fresh: readonly Pod[];
  /** Who makes its pods, for the events about them. */
  readonly makers: ReadonlySet<string>;
  /** Why no more pods can be made. */
  readonly refused: { readonly says: string; readonly since: number | undefined } | undefined;
  readonly object: KubeObject;
}

export interface Seen {
  /** In the order of their names. */
  readonly workloads: readonly Workload[];
  /** All pods of the service, also those of its jobs. */
  readonly pods: readonly Pod[];
}

export interface Workloads {
  /** The number that its objects bear: asks nobody. */
  hint(spot: Spot, signal: AbortSignal): Promise<number | undefined>;
  /** Those that bear the service's labels, and those among `held`. */
  see(spot: Spot, held: readonly Ref[], signal: AbortSignal): Promise<Seen>;
}

const kinds = ["Deployment", "StatefulSet", "DaemonSet"] as const;

export function workloads(): Workloads {
  const read = {
    pods: parsed().pods,
    sets: remembered(ReplicaSet),
    Deployment: remembered(Deployment),
    StatefulSet: remembered(StatefulSet),
    DaemonSet: remembered(DaemonSet),
  };

  async function found(spot: Spot, held: readonly Ref[], signal: AbortSignal) {
    const ours = (kind: WatchedKind) => {
      const names = new Set(held.filter((ref) => ref.kind === kind).map(({ name }) => name));
      return (object: KubeObject) => names.has(object.metadata.name) || isOf(object, spot);
    };
    const all = await Promise.all(kinds.map((kind) => spot.watched.read(kind, signal)));
    return kinds.flatMap((kind, i) =>
      (all[i] ?? []).filter(ours(kind)).map((object) => ({ kind, object })),
    );
  }

  return {
    async hint(spot, signal) {
      const numbers = (await found(spot, [], signal)).map(({ object }) =>
        Number(object.metadata.annotations?.[marks.release]),
      );
      return numbers.filter((number) => number > 0).sort((a, b) => b - a)[0];
    },

    async see(spot, held, signal) {
      const [objects, sets, pods] = await Promise.all([
        found(spot, held, signal),
        spot.watched.read("ReplicaSet", signal),
        spot.watched.read("Pod", signal),
      ]);
      const owned = byOwner(pods);
      const setsOf = byOwner(sets);
      const podsOf = (uid: string) => read.pods(owned.get(uid) ?? []);
      const made = objects.flatMap(({ kind, object }) => {
        if (kind === "StatefulSet")
          return read.StatefulSet([object]).map((it) => ofStateful(it, podsOf, object));
        if (kind === "DaemonSet")
          return read.DaemonSet([object]).map((it) => ofDaemon(it, podsOf, object));
        return read
          .Deployment([object])
          .map((it) =>
            ofDeployment(it, read.sets(setsOf.get(it.metadata.uid) ?? []), podsOf, object),
          );
      });
      const labelled = read.pods(pods.filter((pod) => isOf(pod, spot)));
      return {
        workloads: made.sort((a, b) => (a.name < b.name ? -1 : 1)),
        pods: [...new Set([...made.flatMap((workload) => workload.pods), ...labelled])],
      };
    },
  };
}

/** Whether it bears our labels of this service. */
function isOf({ metadata: { labels } }: KubeObject, at: Place): boolean {
  return labels?.[marks.service] === at.service && labels[marks.environment] === at.environment;
}

const count = z.number().default(0);
const Replicas = z
  .number()
  .nullish()
  .transform((replicas) => replicas ?? 1);
const strategy = z.object({ type: z.string().optional() }).default({});
const Condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(""),
  message: z.string().default(""),
  lastTransitionTime: z
    .string()
    .nullish()
    .transform((at) => (at ? Date.parse(at) : undefined)),
});
const conditions = z.array(Condition).default([]);

const Deployment = z.object({
  metadata: Metadata,
  spec: z.object({ replicas: Replicas, paused: z.boolean().default(false) }),
  status: z
    .object({
      observedGeneration: count,
      replicas: count,
      updatedReplicas: count,
      availableReplicas: count,
      conditions,
    })
    .prefault({}),
});
const ReplicaSet = z.object({
  metadata: Metadata,
  status: z.object({ readyReplicas: count, conditions }).prefault({}),
});
const StatefulSet = z.object({
  metadata: Metadata,
  spec: z.object({
    replicas: Replicas,
    updateStrategy: strategy.and(
      z.object({ rollingUpdate: z.object({ partition: count }).prefault({}) }).prefault({}),
    ),
  }),
  status: z
    .object({
      observedGeneration: count,
      replicas: count,
      updatedReplicas: count,
      availableReplicas: count,
      updateRevision: z.string().default(""),
    })
    .prefault({}),
});
const DaemonSet = z.object({
  metadata: Metadata,
  spec: z.object({ updateStrategy: strategy }),
  status: z
    .object({
      observedGeneration: count,
      desiredNumberScheduled: count,
      updatedNumberScheduled: count,
      numberAvailable: count,
    })
    .prefault({}),
});

const revision = "deployment.kubernetes.io/revision";
const template = "deprecated.daemonset.template.generation";

type PodsOf = (owner: string) => readonly Pod[];

function ofDeployment(
  { metadata, spec, status }: z.output<typeof Deployment>,
  sets: readonly z.output<typeof ReplicaSet>[],
  podsOf: PodsOf,
  object: KubeObject,
): Workload {
  const numbered = (set: { metadata: z.output<typeof Metadata> }) =>
    Number(set.metadata.annotations[revision] ?? 0);
  const newest = sets.toSorted((a, b) => numbered(b) - numbered(a))[0];
  const current = newest && numbered(newest) === numbered({ metadata }) ? newest : undefined;
  const failure = current?.status.conditions.find(
    ({ type, status }) => type === "ReplicaFailure" && status === "True",
  );
  const pause = status.conditions.find(({ reason }) => reason === "DeploymentPaused");
  const observed = status.observedGeneration >= metadata.generation;
  const { replicas, updatedReplicas, availableReplicas } = status;
  return {
    ...common("Deployment", metadata, object),
    observed,
    paused: spec.paused
      ? (pause?.lastTransitionTime ?? metadata.creationTimestamp ?? 0)
      : undefined,
    wanted: spec.replicas,
    ready: current?.status.readyReplicas ?? 0,
    old: Math.max(0, replicas - updatedReplicas),
    complete:
      observed &&
      updatedReplicas === spec.replicas &&
      replicas === updatedReplicas &&
      availableReplicas === updatedReplicas,
    pods: sets.flatMap((set) => podsOf(set.metadata.uid)),
    fresh: current ? podsOf(current.metadata.uid) : [],
    makers: new Set(current ? [current.metadata.uid] : []),
    refused: failure && { says: failure.message, since: failure.lastTransitionTime },
  };
}

/** One that is updated `OnDelete` only, or whose partition holds pods back, is complete when that is how it stands. */
function ofStateful(
  { metadata, spec, status }: z.output<typeof StatefulSet>,
  podsOf: PodsOf,
  object: KubeObject,
): Workload {
  const pods = podsOf(metadata.uid);
  const fresh = pods.filter(
    (pod) => pod.metadata.labels["controller-revision-hash"] === status.updateRevision,
  );
  const observed = status.observedGeneration >= metadata.generation;
  const held =
    spec.updateStrategy.type === "OnDelete"
      ? spec.replicas
      : Math.min(spec.replicas, spec.updateStrategy.rollingUpdate.partition);
  return {
    ...common("StatefulSet", metadata, object),
    observed,
    paused: undefined,
    wanted: spec.replicas,
    ready: readyOf(held > 0 ? pods : fresh),
    old: Math.max(0, status.replicas - status.updatedReplicas - held),
    complete:
      observed &&
      status.replicas === spec.replicas &&
      status.availableReplicas === spec.replicas &&
      status.updatedReplicas >= spec.replicas - held,
    pods,
    fresh,
    makers: new Set([metadata.uid]),
    refused: undefined,
  };
}

function ofDaemon(
  { metadata, spec, status }: z.output<typeof DaemonSet>,
  podsOf: PodsOf,
  object: KubeObject,
): Workload {
  const pods = podsOf(metadata.uid);
  const held = spec.updateStrategy.type === "OnDelete";
  const fresh = pods.filter(
    (pod) =>
      held || pod.metadata.labels["pod-template-generation"] === metadata.annotations[template],
  );
  const observed = status.observedGeneration >= metadata.generation;
  const wanted = status.desiredNumberScheduled;
  return {
    ...common("DaemonSet", metadata, object),
    observed,
    paused: undefined,
    wanted,
    ready: readyOf(fresh),
    old: held ? 0 : Math.max(0, pods.length - fresh.length),
    complete:
      observed &&
      (held || status.updatedNumberScheduled >= wanted) &&
      status.numberAvailable >= wanted,
    pods,
    fresh,
    makers: new Set([metadata.uid]),
    refused: undefined,
  };
}

function common<K extends Workload["kind"]>(
  kind: K,
  { name, uid, annotations }: z.output<typeof Metadata>,
  object: KubeObject,
) {
  const number = Number(annotations[marks.release]);
  return { kind, name, uid, release: number > 0 ? number : undefined, object };
}

const readyOf = (pods: readonly Pod[]): number =>
  pods.filter(
    ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined &&
      status.conditions.some(({ type, status }) => type === "Ready" && status === "True"),
  ).length;

/** Objects by the uid of their controller. */
function byOwner(objects: readonly KubeObject[]): ReadonlyMap<string, KubeObject[]> {
  const all = new Map<string, KubeObject[]>();
  for (const object of objects) {
    const owner = controllerOf(object);
    const others = all.get(owner);
    if (others) others.push(object);
    else all.set(owner, [object]);
  }
  return all;
}

/** Read by hand, since it is asked of every pod of a namespace at every look. */
function controllerOf({ metadata }: KubeObject): string {
  const owners = metadata["ownerReferences"];
  if (!Array.isArray(owners)) return "";
  for (const owner of owners as readonly unknown[]) if (isController(owner)) return owner.uid;
  return "";
}

function isController(owner: unknown): owner is { readonly uid: string } {
  return (
    typeof owner === "object" &&
    owner !== null &&
    "controller" in owner &&
    owner.controller === true &&
    "uid" in owner &&
    typeof owner.uid === "string"
  );
}
