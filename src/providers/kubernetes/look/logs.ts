/** What a service writes: the logs of all containers of all its pods as one, then followed through cuts and new pods. */
import { setTimeout as pause } from "node:timers/promises";
import type { Provider } from "../../../core/provider.ts";
import { refuse } from "../../../core/refusal.ts";
import { milliseconds } from "../../../core/time.ts";
import { merged } from "../../../observe/merged.ts";
import { plain } from "../../../observe/text.ts";
import type { clusters } from "../../../roles/clusters.ts";
import { ApiError, type Cluster, type Spot } from "../types.ts";
import { type Line, lastOf, mixer } from "./merge.ts";
import type { ContainerStatus, Pod } from "./pods.ts";
import type { Reading } from "./reading.ts";
import { workloads } from "./workloads.ts";

type Logs = Provider<typeof clusters>["logs"];
type Wanted = Parameters<Logs>[0];

/** Containers that are read at once; the newest pods come first. */
const most = 200;
/** Milliseconds between two looks for new pods. */
const every = 300;
/** The fewest lines that are read of a container's end: all that one millisecond wrote, or so. */
const end = 50;

/** Reads as the person who asks. Ends quietly when the signal aborts. */
export function logs(reading: Reading): Logs {
  const { see, hint } = workloads();

  async function* lines(input: Wanted, signal: AbortSignal, by?: string): AsyncGenerator<Line> {
    const spot = reading.spotOf(input);
    const all = async () => {
      const release = await reading.records.newest(spot, signal, await hint(spot, signal));
      const { pods } = await see(spot, release?.inventory ?? [], signal);
      return { all: containersOf(pods), service: spot.service };
    };
    const tap = tapOf(spot, spot.as(by), input, reading.now);
    const found = await all();
    yield* past(found.all, input, tap, signal);
    if (input.follow && !input.previous)
      yield* following(found.all, async () => (await all()).all, tap, spot, reading.now, signal);
  }

  return async function* (input, signal, by) {
    const done = new AbortController();
    const both = AbortSignal.any([signal, done.signal]);
    try {
      for await (const line of lines(input, both, by)) {
        if (signal.aborted) return;
        yield { ...line, text: plain(line.text) };
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      done.abort();
    }
  };
}

/** One container of one pod. */
interface Source {
  readonly key: string;
  readonly pod: string;
  readonly container: string;
  readonly from: string;
  readonly running: boolean;
  /** What runs in it, or ended last; a container that is started again is another one. */
  readonly instance: string;
}

function containersOf(pods: readonly Pod[]): Source[] {
  const newest = pods.toSorted(
    (a, b) => (b.metadata.creationTimestamp ?? 0) - (a.metadata.creationTimestamp ?? 0),
  );
  return newest.flatMap((pod) => {
    const { name, uid } = pod.metadata;
    const { containerStatuses, initContainerStatuses } = pod.status;
    const statuses = [...initContainerStatuses, ...containerStatuses].filter(hasWritten);
    const several = pod.spec.containers.length + pod.spec.initContainers.length > 1;
    return statuses.map((status) => ({
      key: `${uid}/${status.name}`,
      pod: name,
      container: status.name,
      from: several ? `${shortly(name)}/${status.name}` : shortly(name),
      running: status.state.running !== undefined,
      instance: `${status.containerID ?? ""} ${status.restartCount}`,
    }));
  });
}

const hasWritten = ({ state, lastState }: ContainerStatus): boolean =>
  (state.running ?? state.terminated ?? lastState.terminated) !== undefined;

/** `web-x2x4z` of `web-7d9f9c5b-x2x4z`. The letters are those that Kubernetes makes such names of. */
export function shortly(pod: string): string {
  return pod.replace(
    /-[bcdfghjklmnpqrstvwxz2456789]{6,10}(-[bcdfghjklmnpqrstvwxz2456789]{5})$/,
    "$1",
  );
}

/** Reads one container's log, and remembers how far. */
interface Tap {
  /** What is there. */
  past(source: Source, signal: AbortSignal): AsyncGenerator<Line>;
  /** What came since, once; goes on as long as the container and the connection do. */
  fresh(source: Source, signal: AbortSignal): AsyncGenerator<Line>;
  forget(key: string): void;
}

/** How far a log was read: up to `at`, and of the lines at that very millisecond so many. */
interface Mark {
  at: number;
  count: number;
  /** By how much its node's clock is ahead of ours, in milliseconds. */
  ahead: number;
}

function tapOf(spot: Spot, cluster: Cluster, wanted: Wanted, now: () => number): Tap {
  const marks = new Map<string, Mark>();
  const since = wanted.since === undefined ? 0 : now() - milliseconds(wanted.since);
  const search = wanted.search?.toLowerCase();
  const fits = (text: string) => search === undefined || plain(text).toLowerCase().includes(search);
  const { namespace } = spot;

  function reading(
    { pod, container }: Source,
    how: Parameters<Cluster["logs"]>[1],
    signal: AbortSignal,
  ) {
    return absentIsEmpty(cluster.logs({ namespace, pod, container }, how, signal), spot);
  }
  function count(mark: Mark, at: number): void {
    mark.count = at > mark.at ? 1 : mark.count + 1;
    mark.at = Math.max(mark.at, at);
    mark.ahead = Math.max(mark.ahead, at - now());
  }

  return {
    async *past(source, signal) {
      const mark = { at: since, count: 0, ahead: 0 };
      marks.set(source.key, mark);
      const tail = wanted.search === undefined ? wanted.tail : undefined;
      const how = {
        ...(wanted.previous && { previous: true }),
        ...(since > 0 && { sinceSeconds: Math.ceil((now() - since) / 1_000) + 1 }),
        ...(tail !== undefined && { tail: Math.max(tail, end) }),
      };
      for await (const { at, text } of reading(source, how, signal)) {
        if (at < since) continue;
        count(mark, at);
        if (fits(text)) yield { at, text, from: source.from };
      }
    },

    async *fresh(source, signal) {
      const mark = marks.get(source.key) ?? { at: 0, count: 0, ahead: 0 };
      marks.set(source.key, mark);
      const { at: last, count: seen } = mark;
      const age = Math.ceil((now() + mark.ahead - last) / 1_000) + 2;
      const how = { follow: true, ...(last > 0 && { sinceSeconds: age }) };
      let again = 0;
      let caughtUp = false;
      for await (const { at, text } of reading(source, how, signal)) {
        // What was read before comes once more, in the same order.
        if (!caughtUp && (at < last || (at === last && ++again <= seen))) continue;
        caughtUp = true;
        count(mark, at);
        if (fits(text)) yield { at, text, from: source.from };
      }
    },

    forget: (key) => marks.delete(key),
  };
}

/** A pod that is gone, and a container that is not there yet, have no log. */
async function* absentIsEmpty<T>(lines: AsyncIterable<T>, spot: Spot): AsyncGenerator<T> {
  try {
    yield* lines;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === 403) refuse(`You may not read logs in ${spot.namespace}: ${error.message}`);
    if (error.code !== 404 && error.code !== 400) throw error;
  }
}

async function* past(
  sources: readonly Source[],
  { tail }: Wanted,
  tap: Tap,
  signal: AbortSignal,
): AsyncGenerator<Line> {
  const left = sources.length - most;
  if (left > 0) {
    const text = `… the logs of ${left.toLocaleString("en")} more containers are left out`;
    yield { at: Date.now(), from: "", text };
  }
  const parts = sources.slice(0, most).map((source) => tap.past(source, signal));
  yield* tail === undefined ? merged(parts) : await lastOf(parts, tail);
}

/** New pods are found by the watch; a log that was cut is taken up where it ended. */
async function* following(
  known: readonly Source[],
  look: () => Promise<readonly Source[]>,
  tap: Tap,
  spot: Spot,
  now: () => number,
  signal: AbortSignal,
): AsyncGenerator<Line> {
  const mix = mixer({ now });
  const done = new AbortController();
  const both = AbortSignal.any([signal, done.signal]);
  const taken = new Map<string, Taken>(
    known.map(({ key, running, instance }) => [key, { ...fresh, read: running ? "" : instance }]),
  );
  let fault: unknown;

  const read = async (source: Source, it: Taken) => {
    it.open = true;
    try {
      for await (const line of tap.fresh(source, both)) {
        it.pause = every;
        mix.put(line);
      }
      if (!source.running) it.read = source.instance;
    } catch (error) {
      if (error instanceof Error && error.name === "Refusal") fault ??= error;
      if (fault) done.abort();
    } finally {
      it.open = false;
      it.next = now() + it.pause;
      it.pause = Math.min(5_000, it.pause * 2);
    }
  };
  const keepUp = async () => {
    for (; !both.aborted; await pause(every, undefined, { signal: both }).catch(() => undefined)) {
      const silent = spot.watched.stale();
      const sources = silent ? [] : await look().catch(() => []);
      for (const source of sources.slice(0, most)) {
        const it = taken.get(source.key) ?? { ...fresh };
        taken.set(source.key, it);
        if (it.open || now() < it.next || it.read === source.instance) continue;
        void read(source, it);
      }
      if (sources.length > 0) forgetOthers(taken, sources, tap);
    }
  };

  const kept = keepUp();
  try {
    yield* mix.read(both);
  } finally {
    done.abort();
    await kept;
  }
  if (fault) throw fault;
}

interface Taken {
  open: boolean;
  /** Of one that ended: the instance that was read to its end. */
  read: string;
  next: number;
  pause: number;
}
const fresh: Taken = { open: false, read: "", next: 0, pause: every };

function forgetOthers(
  taken: Map<string, Taken>,
  sources: readonly Source[],
  { forget }: Tap,
): void {
  const there = new Set(sources.map(({ key }) => key));
  for (const [key, { open }] of taken) {
    if (open || there.has(key)) continue;
    taken.delete(key);
    forget(key);
  }
}
