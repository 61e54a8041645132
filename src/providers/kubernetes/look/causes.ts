/** Why one pod does not come up, in plain words: what its containers, the scheduler and its events say. */
import { line } from "../../../observe/text.ts";
import { type Container, type ContainerStatus, conditionOf, type Event, type Pod } from "./pods.ts";
import { probed } from "./probes.ts";
import { type Clause, missing, pulling, unscheduled } from "./said.ts";

/** What keeps pods from coming up. The lower its rank, the more it tells. */
export interface Cause {
  readonly kind: string;
  readonly rank: number;
  /** Milliseconds since 1970, from the pod's own times: another process would say the same. */
  readonly since: number;
  /** While it may get better; without its full stop. */
  readonly going: string;
  /** What to do, a sentence. */
  readonly advice?: string | undefined;
  /** When it has lasted too long; without its full stop. */
  readonly final: string;
  /** May well pass by itself: it is told as stuck only after a while. */
  readonly soft?: boolean;
  /** Whose log tells more. */
  readonly log?: { readonly pod: Pod; readonly container: string; readonly previous: boolean };
  /** The event behind it. */
  readonly event?: Event | undefined;
}

export interface Asked {
  readonly version: string;
  readonly namespace: string;
  readonly now: number;
}

/** `events` are those about this pod. Undefined where nothing is wrong with it (or not yet). */
export function causeOf(pod: Pod, events: readonly Event[], asked: Asked): Cause | undefined {
  const on: On = { pod, events, ...asked };
  const found = [
    place(on),
    ...statuses(pod).flatMap((each) => [container(on, each), crash(on, each)]),
    initialising(on),
    creating(on),
    ...statuses(pod).map((each) => unhealthy(on, each)),
    gate(on),
    lost(on),
  ];
  return found
    .filter((cause) => cause !== undefined)
    .sort((a, b) => a.rank - b.rank || a.since - b.since)[0];
}

/** A cause that keeps a version from starting, from its clause. */
export function plainly(
  { clause, advice }: Clause,
  more: Pick<Cause, "kind" | "rank" | "since" | "log" | "event">,
  version: string,
): Cause {
  return { ...more, going: capital(clause), advice, final: `${version} did not start: ${clause}` };
}

interface On extends Asked {
  readonly pod: Pod;
  readonly events: readonly Event[];
}
interface Each {
  readonly spec: Container;
  readonly status: ContainerStatus;
  readonly init: boolean;
}

function statuses({ spec, status }: Pod): Each[] {
  const with_ = (all: readonly ContainerStatus[], specs: readonly Container[], init: boolean) =>
    all.flatMap((status) => {
      const spec = specs.find(({ name }) => name === status.name);
      return spec ? [{ spec, status, init: init && spec.restartPolicy !== "Always" }] : [];
    });
  return [
    ...with_(status.initContainerStatuses, spec.initContainers, true),
    ...with_(status.containerStatuses, spec.containers, false),
  ];
}

/** No node takes it. */
function place({ pod, events, ...asked }: On): Cause | undefined {
  const placed = conditionOf(pod, "PodScheduled");
  if (placed?.status !== "False") return undefined;
  const event = latest(events, "FailedScheduling");
  const since = placed.lastTransitionTime ?? made(pod);
  const clause = unscheduled(placed.message ?? event?.message ?? "", pod, asked.namespace);
  return plainly(clause, { kind: "place", rank: 4, since, event }, asked.version);
}

/** What it waits for before it can be started. */
function container({ pod, events, ...asked }: On, { spec, status }: Each): Cause | undefined {
  const waiting = status.state.waiting;
  const ended = status.state.terminated ?? status.lastState.terminated;
  if (cannotRun.has(ended?.reason ?? "") && ended) {
    const clause = `its command cannot be run: ${line(ended.message, 160)}`;
    const more = { kind: "command", rank: 1, since: down(pod) };
    return plainly({ clause }, more, asked.version);
  }
  if (!waiting) return undefined;
  const { reason, message } = waiting;
  const more = { rank: 1, since: down(pod), event: latest(events, "Failed") };
  if (pulls.has(reason)) {
    const said = `${message} ${more.event?.message ?? ""}`;
    const clause = pulling(spec.image, said, asked.namespace);
    return plainly(clause, { kind: "image", ...more }, asked.version);
  }
  if (!creates.has(reason)) return undefined;
  const clause = missing(message, asked.namespace) ?? {
    clause: `its container ${spec.name} cannot be made: ${line(message, 160)}`,
  };
  return plainly(clause, { kind: "create", ...more }, asked.version);
}
const pulls = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "RegistryUnavailable",
  "ImageInspectError",
]);
const creates = new Set([
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
]);
const cannotRun = new Set(["StartError", "ContainerCannotRun"]);

/**
 * It ended, and is started again and again. One that runs again counts as crashing until it has outlived its last
 * run, whether it calls itself ready or not.
 */
function crash(on: On, { spec, status, init }: Each): Cause | undefined {
  const { pod, events, version, now } = on;
  const { running, terminated, waiting } = status.state;
  const end = terminated ?? status.lastState.terminated;
  if (!end || (init && end.exitCode === 0) || (waiting && waiting.reason !== "CrashLoopBackOff"))
    return undefined;
  const lived = Math.max(0, (end.finishedAt ?? 0) - (end.startedAt ?? 0));
  if (running && now - (running.startedAt ?? now) > lived + aBit) return undefined;
  const event = latest(events, "BackOff");
  const more = {
    rank: 2,
    since: Math.min(down(pod), firstOf(events, "BackOff")),
    log: { pod, container: spec.name, previous: running !== undefined },
    event,
  };
  const it = init ? `its init container ${spec.name}` : nameOf(pod, spec.name);
  const who = it === "it" ? version : `The ${it.slice(4)} of ${version}`;
  const killer = probeBehind(events, end);
  if (end.reason === "OOMKilled") {
    const limit = spec.resources.limits["memory"];
    const of = limit === undefined ? "" : ` (its limit is ${limit})`;
    return {
      ...more,
      kind: "memory",
      going: `${who} keeps running out of memory${of}`,
      advice: "Raise the limit, or let it use less.",
      final: `${version} did not start: ${it} ran out of memory${of}`,
    };
  }
  if (killer) {
    const says = probed(killer.message, spec);
    return {
      ...more,
      kind: "killed",
      event: killer,
      going: `${who} is restarted again and again: ${says}`,
      final: `${version} did not stay healthy and was restarted: ${says}`,
    };
  }
  const after = lived <= 1_000 ? "right after it started" : `after ${Math.round(lived / 1_000)} s`;
  const again = status.restartCount > 0 ? "keeps crashing" : "crashed";
  return {
    ...more,
    kind: "crash",
    going: `${who} ${again}: exit code ${end.exitCode} ${after}`,
    ...(end.exitCode === 0 && { advice: "A service has to go on running." }),
    final: `${version} did not start: ${it} exited with code ${end.exitCode}`,
  };
}
/** Milliseconds by which a run has to outlive the one before. */
const aBit = 2_000;

/** The check for whose sake it was stopped. */
function probeBehind(
  events: readonly Event[],
  end: NonNullable<ContainerStatus["state"]["terminated"]>,
): Event | undefined {
  if (end.exitCode !== 143 && end.exitCode !== 137) return undefined;
  const within = ({ last }: Event) =>
    last >= (end.startedAt ?? 0) - 1_000 && last <= (end.finishedAt ?? 0) + 2_000;
  return events.findLast(
    (event) =>
      event.reason === "Unhealthy" && /^(Liveness|Startup)/.test(event.message) && within(event),
  );
}

/** An init container keeps failing, and only an event names it. */
function initialising({ pod, events, version }: On): Cause | undefined {
  if (pod.status.initContainerStatuses.length > 0) return undefined;
  const event = latest(events, "BackOff");
  const name = event?.message.match(/failed container (\S+)/)?.[1];
  if (!pod.spec.initContainers.some((init) => init.name === name) || name === undefined)
    return undefined;
  const clause = `its init container ${name} keeps failing`;
  const log = { pod, container: name, previous: false };
  return plainly({ clause }, { kind: "init", rank: 2, since: down(pod), log, event }, version);
}

/** Volumes and network, before any container is made. */
function creating({ pod, events, namespace, version }: On): Cause | undefined {
  const { containerStatuses, phase } = pod.status;
  const waits = containerStatuses.some(
    ({ state }) => state.waiting?.reason === "ContainerCreating",
  );
  if (phase !== "Pending" || !waits) return undefined;
  const about = events.filter(({ bad, reason }) => bad && setups.has(reason));
  const named = about.findLast(({ message }) => missing(message, namespace));
  const event = named ?? about.at(-1);
  if (!event) return undefined;
  const volume = event.message.match(/volume "([^"]+)"/)?.[1];
  const what = event.reason === "FailedCreatePodSandBox" ? "its network" : "its volume";
  const clause = missing(event.message, namespace) ?? {
    clause: `${what}${volume === undefined ? "" : ` ${volume}`} is not ready: ${line(event.message, 160)}`,
  };
  return plainly(clause, { kind: "setup", rank: 1, since: down(pod), event }, version);
}
const setups = new Set(["FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"]);

/**
 * It runs, and its check says no. Until its startup probe has done, the time that this probe is given is not counted;
 * after that, what counts begins with the first check that failed, and never within the readiness probe's own delay.
 * Where no failed check was heard of, it begins when enough of them would have failed.
 */
function unhealthy({ pod, events, version, now }: On, each: Each): Cause | undefined {
  const { spec, status, init } = each;
  const started = status.state.running?.startedAt;
  if (init || status.ready || started === undefined) return undefined;
  const failed = events.filter(
    ({ reason, last }) => reason === "Unhealthy" && last >= started - 1_000,
  );
  const event = failed.at(-1);
  const { startupProbe: startup, readinessProbe: readiness } = spec;
  const delay = (readiness?.initialDelaySeconds ?? 0) * 1_000;
  const budget = startup
    ? (startup.initialDelaySeconds + startup.periodSeconds * startup.failureThreshold) * 1_000
    : 0;
  const usual = readiness ? readiness.periodSeconds * readiness.failureThreshold * 1_000 : 0;
  const first = failed[0] ? Math.max(failed[0].first, started) : started + delay + usual;
  const since =
    startup && status.started === false
      ? started + budget
      : Math.max(first, started + delay, down(pod));
  const says = event
    ? probed(event.message, spec)
    : readiness || startup
      ? "its check has not succeeded yet"
      : "it does not say that it is ready";
  const it = nameOf(pod, spec.name);
  const of = it === "it" ? "" : ` (${it.slice(4)})`;
  return {
    kind: "unhealthy",
    rank: 6,
    since,
    soft: true,
    going: `${version} is not healthy yet${of}: ${says}`,
    final: `${version} did not become healthy in ${((now - started) / 1_000).toFixed(1)} s${of}: ${says}`,
    log: { pod, container: spec.name, previous: false },
    event,
  };
}

/** All containers are ready, and something else still has to say so. */
function gate({ pod, version }: On): Cause | undefined {
  if (!allReady(pod) || conditionOf(pod, "Ready")?.status === "True") return undefined;
  const open = pod.spec.readinessGates
    .map(({ conditionType }) => conditionType)
    .filter((type) => conditionOf(pod, type)?.status !== "True");
  if (open.length === 0) return undefined;
  const says = open.map((type) => line(type, 80)).join(" and ");
  return {
    kind: "gate",
    rank: 7,
    since: conditionOf(pod, "ContainersReady")?.lastTransitionTime ?? down(pod),
    going: `${version} runs, but its readiness gate ${says} is not open`,
    advice: "Whoever watches over that gate has to open it.",
    final: `${version} did not become ready: its readiness gate ${says} did not open`,
  };
}

/** Its containers were ready when its node was heard of last. */
function lost({ pod, version }: On): Cause | undefined {
  const ready = conditionOf(pod, "Ready");
  if (!allReady(pod) || ready?.status === "True" || pod.spec.readinessGates.length > 0)
    return undefined;
  const clause = `its node ${pod.spec.nodeName ?? ""} does not answer`;
  const advice = "Kubernetes starts its pods elsewhere after some five minutes.";
  return plainly({ clause, advice }, { kind: "node", rank: 5, since: down(pod) }, version);
}

const allReady = ({ status }: Pod): boolean =>
  status.containerStatuses.length > 0 && status.containerStatuses.every(({ ready }) => ready);
const made = ({ metadata, status }: Pod): number =>
  metadata.creationTimestamp ?? status.startTime ?? 0;
/** Since when it is not ready; the beginning of one that never was. */
const down = (pod: Pod): number => {
  const ready = conditionOf(pod, "Ready");
  return (ready?.status === "True" ? undefined : ready?.lastTransitionTime) ?? made(pod);
};
const latest = (events: readonly Event[], reason: string): Event | undefined =>
  events.findLast((event) => event.reason === reason && event.bad) ??
  events.findLast((event) => event.reason === reason);
const firstOf = (events: readonly Event[], reason: string): number =>
  Math.min(...events.filter((event) => event.reason === reason).map(({ first }) => first));
const nameOf = ({ spec }: Pod, name: string): string =>
  spec.containers.length > 1 ? `its container ${name}` : "it";
const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
