/** What the cluster tells of a service's objects lately, with repeats as one, in words that need no manual. */
import type { Provider } from "../../../core/provider.ts";
import { milliseconds } from "../../../core/time.ts";
import { line } from "../../../observe/text.ts";
import type { clusters } from "../../../roles/clusters.ts";
import type { Ref } from "../types.ts";
import { type Event, type Pod, parsed } from "./pods.ts";
import { probed } from "./probes.ts";
import type { Reading } from "./reading.ts";
import { missing, pulling, refusedPods, unscheduled } from "./said.ts";
import { workloads } from "./workloads.ts";

type Events = Provider<typeof clusters>["events"];

/** Of the objects that its releases hold and of all that these made, the oldest first. A cluster keeps them for an hour. */
export function events(reading: Reading): Events {
  const { see, hint } = workloads();
  const read = parsed().events;
  return async (input, signal) => {
    const spot = reading.spotOf(input);
    const release = await reading.records.newest(spot, signal, await hint(spot, signal));
    const held = release?.state === "removed" ? [] : (release?.inventory ?? []);
    const { pods, workloads: found } = await see(spot, held, signal);
    const names = [...held, ...found.map(({ kind, name }) => ({ kind, name }))];
    const uids = new Set(pods.map(({ metadata }) => metadata.uid));
    const since = input.since === undefined ? 0 : reading.now() - milliseconds(input.since);
    const ours = read(await spot.watched.read("Event", signal)).filter(
      ({ of, last }) => last >= since && (uids.has(of.uid ?? "") || isAbout(of, names)),
    );
    const byName = new Map(pods.map((pod) => [pod.metadata.name, pod]));
    return together(ours, byName, spot.namespace);
  };
}

/** Whether it is one of these, or was made by one of them: a pod that is gone is known by its name alone. */
function isAbout(of: Event["of"], names: readonly Pick<Ref, "kind" | "name">[]): boolean {
  return names.some(({ kind, name }) => {
    if (of.kind === kind && of.name === name) return true;
    if (!of.name.startsWith(`${name}-`)) return false;
    const rest = of.name.slice(name.length + 1);
    return made.some(([by, kinds, named]) => by === kind && kinds.has(of.kind) && named.test(rest));
  });
}
/** Kubernetes makes the ends of names of these letters: https://pkg.go.dev/k8s.io/apimachinery/pkg/util/rand#SafeEncodeString */
const hash = "[bcdfghjklmnpqrstvwxz2456789]";
const made: readonly (readonly [string, ReadonlySet<string>, RegExp])[] = [
  ["Deployment", new Set(["ReplicaSet"]), new RegExp(`^${hash}{6,10}$`)],
  ["Deployment", new Set(["Pod"]), new RegExp(`^${hash}{6,10}-${hash}{5}$`)],
  ["StatefulSet", new Set(["Pod"]), /^\d+$/],
  ["DaemonSet", new Set(["Pod"]), new RegExp(`^${hash}{5}$`)],
  ["CronJob", new Set(["Job"]), /^\d+$/],
  ["CronJob", new Set(["Pod"]), new RegExp(`^\\d+-${hash}{5}$`)],
  ["Job", new Set(["Pod"]), new RegExp(`^${hash}{5}$`)],
];

function together(
  events: readonly Event[],
  pods: ReadonlyMap<string, Pod>,
  namespace: string,
): Awaited<ReturnType<Events>> {
  const said = events.map((event) => ({
    event,
    says: line(saying(event, pods.get(event.of.name), namespace), 300),
  }));
  const groups = Map.groupBy(said, ({ event, says }) => `${event.of.kind} ${event.bad} ${says}`);
  return [...groups.values()]
    .map((group) => {
      const names = new Set(group.map(({ event }) => event.of.name));
      const { of, bad } = group[0]?.event ?? { of: { kind: "", name: "" }, bad: false };
      return {
        at: Math.max(...group.map(({ event }) => event.last)),
        bad,
        of: names.size === 1 ? `${of.kind} ${of.name}` : `${names.size} ${of.kind}s`,
        says: group[0]?.says ?? "",
        count: group.reduce((sum, { event }) => sum + event.count, 0),
      };
    })
    .sort((a, b) => a.at - b.at);
}

/** In plain words where we have them, else the cluster's own. */
function saying({ reason, message, of }: Event, pod: Pod | undefined, namespace: string): string {
  const sentence = (clause: string) => `${clause.slice(0, 1).toUpperCase()}${clause.slice(1)}.`;
  const absent = missing(message, namespace);
  if (absent) return sentence(absent.clause);
  const container = pod?.spec.containers[0];
  if (reason === "Unhealthy" && container) return sentence(probed(message, container));
  if (reason === "FailedScheduling" && pod)
    return sentence(unscheduled(message, pod, namespace).clause);
  if (reason === "FailedCreate") return sentence(refusedPods(message, namespace).clause);
  const image = message.match(/pull(?:ing)? image "([^"]+)"/)?.[1];
  if (reason === "Failed" && image !== undefined)
    return sentence(pulling(image, message, namespace).clause);
  const words = plainly[reason]?.(message.replace(of.name, ""), image);
  return words ?? (message.trim() === "" ? reason : message);
}

/** https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/events/event.go and the controllers' own. */
const plainly: Readonly<Record<string, (message: string, image?: string) => string | undefined>> = {
  Scheduled: (message) => {
    const node = message.match(/ to (\S+)$/)?.[1];
    return node === undefined ? undefined : `Placed on ${node}.`;
  },
  Pulling: (_, image) => image && `Pulling the image ${image}.`,
  Pulled: (message) => {
    const image = message.match(/image "([^"]+)"/)?.[1];
    return image && `The image ${image} is there.`;
  },
  Created: () => "A container was made.",
  Started: () => "Started.",
  Killing: (message) =>
    /liveness|startup/i.test(message) ? "Restarted, since its check failed." : "Stopping.",
  BackOff: (message) =>
    /pulling/.test(message)
      ? "Waits before the image is tried again."
      : "Waits before it is started again.",
  ScalingReplicaSet: (message) => {
    const [, from, to] = message.match(/from (\d+) to (\d+)/) ?? [];
    return to === undefined ? undefined : `Pods of one version: from ${from} to ${to}.`;
  },
  SuccessfulCreate: () => "A pod was made.",
  SuccessfulDelete: () => "A pod was taken away.",
  SuccessfulRescale: (message) => {
    const [, size, why] = message.match(/New size: (\d+); reason: (.*)$/) ?? [];
    return size === undefined ? undefined : `Scaled itself to ${size}: ${why}.`;
  },
  FailedGetResourceMetric: unmeasured,
  FailedComputeMetricsReplicas: unmeasured,
  OOMKilling: () => "Ran out of memory.",
  Evicted: (message) => `Was sent away from its node: ${message}`,
};

/** An autoscaler tells it twice, in two events. */
function unmeasured(message: string): string | undefined {
  const what = /\bget (cpu|memory)\b/.exec(message)?.[1];
  return what && `Can't tell how much ${what === "cpu" ? "CPU" : what} its pods use.`;
}
