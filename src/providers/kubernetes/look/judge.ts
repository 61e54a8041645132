/**
 * How a release is doing, and whether that is its end. From the watch's memory: in a rollout nobody is asked anything
 * but the log of a pod that is stuck, once, and what is found out in the end is written into the release's record.
 */

import type { Ref, Release, Spot } from "../types.ts";
import { parsed } from "./pods.ts";
import type { Reading } from "./reading.ts";
import { type Reason, reasonOf } from "./reasons.ts";
import { type Seen, type Workload, workloads } from "./workloads.ts";

export interface Judged {
  readonly release: Release;
  readonly seen: Seen;
  /** Those of the release. */
  readonly workloads: readonly Workload[];
  /** Deployments and the like that it holds and that are not there. */
  readonly missing: readonly Ref[];
  readonly reason: Reason | undefined;
  readonly state: "going" | "good" | "bad";
  readonly stuck?: true;
  readonly says: string;
  /** Of the new ones. */
  readonly ready: number;
  readonly of: number;
}

/** Judges the newest release; undefined where there is none. Throws where the cluster was never heard of. */
export type Judge = (spot: Spot, signal: AbortSignal) => Promise<Judged | undefined>;

export function judge({ records, patience, now }: Reading): Judge {
  const { hint, see } = workloads();
  const { events } = parsed();
  /** When a cluster was last silent, by where: what went on meanwhile is not known, so patience begins after that. */
  const silences = new Map<string, number>();
  /** Since when something of a release is not there, by its key. */
  const missed = new Map<string, number>();

  return async (spot, signal) => {
    const where = `${spot.own.name}/${spot.namespace}`;
    if (spot.watched.stale()) silences.set(where, now());
    const release = await records.newest(spot, signal, await hint(spot, signal));
    if (!release || release.state === "removed") return undefined;
    const seen = await see(spot, release.inventory, signal);
    const { held, missing } = heldBy(release, seen);
    const complete = missing.length === 0 && held.every((workload) => workload.complete);
    const asked = { version: release.version, namespace: spot.namespace, now: now() };
    const found = reasonOf(held, events(await spot.watched.read("Event", signal)), asked);
    // What is complete is fine, unless it is crashing in between.
    const reason =
      complete && found?.kind !== "crash" && found?.kind !== "memory" ? undefined : found;
    const ready = sum(held, (workload) => Math.min(workload.ready, workload.wanted));
    const of = sum(held, (workload) => workload.wanted);
    const judged = { release, seen, workloads: held, missing, reason, ready, of };
    const from = Math.max(release.at, silences.get(where) ?? 0);
    if (missing.length === 0) missed.delete(release.key);
    else if (!missed.has(release.key)) missed.set(release.key, asked.now);
    const gone = Math.max(from, missed.get(release.key) ?? 0);
    const span = { from, gone, patience: patience(spot.environment), now: asked.now };
    const verdict = verdictOf(judged, complete, span);
    const silent = spot.watched.stale();
    if (silent && release.state !== "bad")
      return { ...judged, state: "going", says: silence(spot, silent, asked.now, judged) };
    if (verdict.state !== "going" && (release.state === "going" || release.state === "applying")) {
      const why = verdict.state === "bad" ? verdict.says : undefined;
      await records.mark(spot, release.number, verdict.state, why, signal);
    }
    return { ...judged, ...verdict };
  };
}

/** `The cluster prod has not answered for 20 s (connection refused). 3 of 5 were ready before.` */
export function silence(
  { own }: Spot,
  { since, why }: { readonly since: number; readonly why: string },
  now: number,
  before?: { readonly ready: number; readonly of: number },
): string {
  const seconds = Math.max(1, Math.round((now - since) / 1_000));
  const says = `The cluster ${own.name} has not answered for ${seconds} s (${why}).`;
  return before ? `${says} ${before.ready} of ${before.of} were ready before.` : says;
}

function heldBy(release: Release, { workloads }: Seen) {
  const refs = release.inventory.filter(({ kind }) => makers.has(kind));
  const held = workloads.filter(({ kind, name }) =>
    refs.some((ref) => ref.kind === kind && ref.name === name),
  );
  const missing = refs.filter(
    ({ kind, name }) => !held.some((workload) => workload.kind === kind && workload.name === name),
  );
  return { held, missing };
}
const makers: ReadonlySet<string> = new Set(["Deployment", "StatefulSet", "DaemonSet"]);

type Open = Omit<Judged, "state" | "says" | "stuck">;
type Verdict = Pick<Judged, "state" | "says" | "stuck">;

/** Milliseconds since 1970, and how long what is wrong may last; what was wrong before `from` counts from there on. */
interface Span {
  readonly from: number;
  /** When it was noticed that something is not there: the watch may be late, which must not count. */
  readonly gone: number;
  readonly patience: number;
  readonly now: number;
}

function verdictOf(judged: Open, complete: boolean, span: Span): Verdict {
  const { now } = span;
  const { release, workloads, missing, reason, ready, of } = judged;
  const { version, state } = release;
  if (state === "bad") return { state, says: release.why ?? `${version} failed.` };
  const ours = state === "going" || state === "applying";
  const unseen = workloads.filter(
    (workload) => !workload.observed || (ours && (workload.release ?? 0) < release.number),
  );
  const lately = now - release.at < whileStarting;
  if (state === "applying" || ((missing.length > 0 || unseen.length > 0) && lately))
    return { state: "going", says: `Starting ${version}.` };
  if (missing.length > 0) {
    const names = missing.map(({ kind, name }) => `${kind} ${name}`).join(" and ");
    const says = `Somebody deleted the ${names} of ${version}.`;
    return stuckOr(says, says, span.gone, span);
  }
  if (unseen.length > 0)
    return { state: "going", says: `The cluster has not begun with ${version} yet.` };
  const database = reason && databaseBehind(reason, release);
  if (database !== undefined)
    return { state: "going", says: `Waiting for the database ${database} to be made.` };
  // A silent node says nothing of the version, and taking it back would not wake it: only the deadline ends that wait.
  if (reason?.kind === "node") return { state: "going", says: reason.going };
  if (reason) {
    const since = Math.max(reason.since, span.from);
    const told = !reason.soft || now - since >= Math.min(softly, span.patience / 4);
    if (told) return stuckOr(reason.going, reason.final, since, span);
  }
  if (complete)
    return { state: "good", says: of === 0 ? `${version} is in place.` : `${version} runs.` };
  const old = sum(workloads, (workload) => workload.old);
  const those = `${ready} of ${of}${old > 0 ? " new" : ""} ready`;
  const rest = ready === of && old > 0 ? `, ${old} old still to be stopped` : "";
  return { state: "going", says: `${those}${rest}.` };
}
/** A database of the release that its operator is still making: minutes, where it is new. Only the deadline ends that wait. */
function databaseBehind({ final }: Reason, { inventory }: Release): string | undefined {
  const name = final.match(/the Secret (\S+)-app does not exist/)?.[1];
  return inventory.find(
    (ref) => ref.kind === "Cluster" && ref.apiVersion.startsWith(cnpg) && ref.name === name,
  )?.name;
}
/** https://cloudnative-pg.io/documentation/current/applications/#secrets */
const cnpg = "postgresql.cnpg.io/";

/** Milliseconds that the watch and the cluster's controllers have to notice what was applied. */
const whileStarting = 5_000;
/** After so many milliseconds (or a quarter of the patience) what may well pass by itself is told as stuck. */
const softly = 10_000;

function stuckOr(going: string, final: string, since: number, { patience, now }: Span): Verdict {
  const left = since + patience - now;
  if (left <= 0) return { state: "bad", says: final };
  return {
    state: "going",
    stuck: true,
    says: `${going} Taking it back in ${rounded(left)} s unless it recovers.`,
  };
}

/** Seconds, in a few steps, so that a card that counts down does not change with each second. */
export function rounded(milliseconds: number): number {
  const seconds = milliseconds / 1_000;
  return steps.find((step) => seconds <= step) ?? Math.ceil(seconds / 60) * 60;
}
const steps = [5, 10, 20, 30, 40, 60];

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}
