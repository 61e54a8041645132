/** Pods and events as a cluster tells of them: as much as the looks need, checked. */
import { z } from "zod";
import type { KubeObject } from "../../../expand/object.ts";

const text = z.string();
/** RFC 3339 in, milliseconds since 1970 out. A cluster counts most of its times in whole seconds. */
const When = text.transform((at) => Date.parse(at));
const maybe = <S extends z.ZodType>(schema: S) =>
  schema.nullish().transform((it) => it ?? undefined);
const list = <S extends z.ZodType>(schema: S) =>
  z
    .array(schema)
    .nullish()
    .transform((all) => all ?? []);

export const Metadata = z.object({
  name: text,
  uid: text.default(""),
  creationTimestamp: maybe(When),
  deletionTimestamp: maybe(When),
  generation: z.number().default(0),
  labels: z
    .record(text, text)
    .nullish()
    .transform((it) => it ?? {}),
  annotations: z
    .record(text, text)
    .nullish()
    .transform((it) => it ?? {}),
  ownerReferences: list(z.object({ uid: text, controller: maybe(z.boolean()) })),
});

const Port = z.union([z.number(), text]);
const Probe = z.object({
  httpGet: maybe(z.object({ path: text.default("/"), port: Port })),
  tcpSocket: maybe(z.object({ port: Port })),
  initialDelaySeconds: z.number().default(0),
  periodSeconds: z.number().default(10),
  timeoutSeconds: z.number().default(1),
  failureThreshold: z.number().default(3),
});
export type Probe = z.output<typeof Probe>;
const amounts = z.record(text, Port).default({});
const Container = z.object({
  name: text,
  image: text.default(""),
  /** `Always` makes an init container a sidecar. */
  restartPolicy: maybe(text),
  readinessProbe: maybe(Probe),
  livenessProbe: maybe(Probe),
  startupProbe: maybe(Probe),
  resources: z.object({ limits: amounts, requests: amounts }).default({ limits: {}, requests: {} }),
});
export type Container = z.output<typeof Container>;

const State = z.object({
  running: maybe(z.object({ startedAt: maybe(When) })),
  waiting: maybe(z.object({ reason: text.default(""), message: text.default("") })),
  terminated: maybe(
    z.object({
      exitCode: z.number(),
      reason: text.default(""),
      message: text.default(""),
      startedAt: maybe(When),
      finishedAt: maybe(When),
    }),
  ),
});
const Status = z.object({
  name: text,
  ready: z.boolean().default(false),
  started: maybe(z.boolean()),
  restartCount: z.number().default(0),
  containerID: maybe(text),
  state: State.default({ running: undefined, waiting: undefined, terminated: undefined }),
  lastState: State.default({ running: undefined, waiting: undefined, terminated: undefined }),
});
export type ContainerStatus = z.output<typeof Status>;

export const PodObject = z.object({
  metadata: Metadata,
  spec: z.object({
    nodeName: maybe(text),
    containers: list(Container),
    initContainers: list(Container),
    readinessGates: list(z.object({ conditionType: text })),
  }),
  status: z
    .object({
      phase: text.default("Pending"),
      reason: maybe(text),
      message: maybe(text),
      startTime: maybe(When),
      conditions: list(
        z.object({
          type: text,
          status: text,
          reason: maybe(text),
          message: maybe(text),
          lastTransitionTime: maybe(When),
        }),
      ),
      containerStatuses: list(Status),
      initContainerStatuses: list(Status),
    })
    .default({
      phase: "Pending",
      reason: undefined,
      message: undefined,
      startTime: undefined,
      conditions: [],
      containerStatuses: [],
      initContainerStatuses: [],
    }),
});
export type Pod = z.output<typeof PodObject>;

const EventObject = z
  .object({
    metadata: z.object({ creationTimestamp: maybe(When) }),
    involvedObject: z.object({ kind: text.default(""), name: text.default(""), uid: maybe(text) }),
    type: text.default("Normal"),
    reason: text.default(""),
    message: text.default(""),
    count: maybe(z.number()),
    firstTimestamp: maybe(When),
    lastTimestamp: maybe(When),
    eventTime: maybe(When),
    series: maybe(z.object({ count: z.number(), lastObservedTime: maybe(When) })),
  })
  .transform((event) => {
    const made = event.eventTime ?? event.metadata.creationTimestamp ?? 0;
    const first = event.firstTimestamp ?? made;
    return {
      of: event.involvedObject,
      bad: event.type === "Warning",
      reason: event.reason,
      message: event.message,
      count: event.series?.count ?? event.count ?? 1,
      first,
      last: event.series?.lastObservedTime ?? event.lastTimestamp ?? first,
    };
  });
export type Event = z.output<typeof EventObject>;

/** Reads objects, each only once as long as the same one comes. One that is not as expected is left out. */
export interface Parsed {
  readonly pods: (objects: readonly KubeObject[]) => Pod[];
  readonly events: (objects: readonly KubeObject[]) => Event[];
}
export function parsed(): Parsed {
  return { pods: remembered(PodObject), events: remembered(EventObject) };
}

/** The reader of one schema, with a memory of what it has read. */
export function remembered<S extends z.ZodType>(
  schema: S,
): (objects: readonly KubeObject[]) => z.output<S>[] {
  const known = new WeakMap<KubeObject, { readonly it: z.output<S> | undefined }>();
  return (objects) =>
    objects.flatMap((object) => {
      let read = known.get(object);
      if (!read) {
        read = { it: schema.safeParse(object).data };
        known.set(object, read);
      }
      return read.it === undefined ? [] : [read.it];
    });
}

export function isReady(pod: Pod): boolean {
  return conditionOf(pod, "Ready")?.status === "True";
}

export function conditionOf({ status }: Pod, type: string) {
  return status.conditions.find((condition) => condition.type === type);
}

/** Neither being stopped nor at its end. */
export function isAlive({ metadata, status }: Pod): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    status.phase !== "Succeeded" &&
    status.phase !== "Failed"
  );
}

/** The version that a pod is of: what of its images' tags or its label is among those known, else its first tag. */
export function versionOf(pod: Pod, known: ReadonlySet<string>, label: string): string {
  const tags = pod.spec.containers.map(({ image }) => tagOf(image));
  const labelled = pod.metadata.labels[label];
  const all = [...tags, labelled].filter((version) => version !== undefined);
  return all.find((version) => known.has(version)) ?? labelled ?? all[0] ?? "?";
}

/** `1.4.2` of `ghcr.io:443/acme/web:1.4.2@sha256:...` */
export function tagOf(image: string): string | undefined {
  return image
    .replace(/@.*$/, "")
    .split("/")
    .at(-1)
    ?.match(/:(.+)$/)?.[1];
}
