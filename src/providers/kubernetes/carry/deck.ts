/** What the effects of this folder share: what they are given, the precondition on the newest release, the way back. */
import { createHash } from "node:crypto";
import type { Effect, Json } from "../../../core/operation.ts";
import { canonical, type Seen } from "../../../core/plan.ts";
import { Moved } from "../../../core/refusal.ts";
import { type KubeObject, marks } from "../../../expand/object.ts";
import { clusters } from "../../../roles/clusters.ts";
import { nameOf } from "../order.ts";
import type { Records, Ref, Release, Source, Spot } from "../types.ts";

export interface At {
  readonly service: string;
  readonly environment: string;
}
export interface Deck {
  /** Refuses what platform.yaml does not name. */
  readonly spotOf: (at: At) => Spot;
  readonly source: Source;
  readonly records: Records;
  /** Judges the newest release, which nobody may have watched to its end. */
  readonly judge?: (spot: Spot, signal: AbortSignal) => Promise<unknown>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What previews call a service in an environment: `production/web`. */
export const mainOf = ({ service, environment }: At): string => `${environment}/${service}`;

/** What is there, the newest first: nothing where the service was removed. */
export function standing(all: readonly Release[]): readonly Release[] {
  return all[0]?.state === "removed" ? [] : all.filter(({ state }) => state !== "removed");
}

/** The newest release as a plan rests on it. */
export function resting(newest: Release | undefined): Json {
  return newest
    ? { release: newest.number, version: newest.version }
    : { release: null, version: null };
}

/** Throws Moved where another release has come since. One that was still to be numbered may have any number. */
export function requireNewest(at: At, seen: Seen, newest: Release | undefined): void {
  const was = seen[mainOf(at)];
  const now = resting(newest);
  if (fieldOf(was, "version") === fieldOf(now, "version")) {
    const number = fieldOf(was, "release");
    if (number === fieldOf(now, "release") || (number === null && newest)) return;
  }
  throw new Moved(
    newest
      ? `${at.service} in ${at.environment} was released as ${newest.version} since this was planned.`
      : `${at.service} was removed from ${at.environment} since this was planned.`,
  );
}

/** What its releases hold: the newest one, and those before it which it may not have come to clear away. */
export function holds(all: readonly Release[]): readonly Ref[] {
  const there = standing(all);
  const whole = there.findIndex(({ state }) => state !== "applying");
  const which = whole < 0 ? there : there.slice(0, whole + 1);
  const refs = which.flatMap(({ inventory }) => inventory);
  return [...new Map(refs.map((ref) => [nameOf(ref), ref])).values()];
}

/** Brings back what ran well last, exactly as it was; takes the service away where nothing did. */
export function back(at: At, all: readonly Release[]): Effect {
  const { service, environment } = at;
  const good = standing(all).find(({ state }) => state === "good" || state === "adopted");
  if (!good) return clusters.remove({ service, environment });
  return clusters.release({ service, environment, version: good.version, like: idOf(good) });
}

/** For `like`: the number, and the record's own identity, so that nobody slips other content under it. */
export const idOf = ({ number, uid }: Pick<Release, "number" | "uid">): string =>
  uid === undefined ? String(number) : `${number}/${uid}`;

/** The objects as ours: whose they are stands on each and on its pods. */
export function labelled(at: At, objects: readonly KubeObject[]): readonly KubeObject[] {
  const whose = { [marks.service]: at.service, [marks.environment]: at.environment };
  return objects.map((object) => {
    const ours = withLabels(object, { [marks.managedBy]: marks.us, ...whose });
    const template = fieldOf(fieldOf(object, "spec"), "template");
    if (!isRunning(object) || !isObject(template)) return ours;
    const metadata = isObject(template["metadata"]) ? template["metadata"] : {};
    const labels = { ...(metadata["labels"] as object), ...whose };
    const pods = { ...template, metadata: { ...metadata, labels } };
    return { ...ours, spec: { ...(object["spec"] as object), template: pods } } as KubeObject;
  });
}

export function withLabels(object: KubeObject, labels: Readonly<Record<string, string>>) {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, labels: { ...metadata.labels, ...labels } } };
}

/** Whether it keeps pods running. */
export const isRunning = ({ kind }: { readonly kind: string }): boolean =>
  kind === "Deployment" || kind === "StatefulSet" || kind === "DaemonSet";

/** Calls under one key that come while the first is under way share it. */
export function coalesced<R>(): (key: string, work: () => Promise<R>) => Promise<R> {
  const under = new Map<string, Promise<R>>();
  return (key, work) => {
    const first = under.get(key);
    if (first) return first;
    const running = work().finally(() => under.delete(key));
    under.set(key, running);
    return running;
  };
}

/** Equal values have an equal one. */
export function hashOf(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex").slice(0, 16);
}

export function fieldOf(of: unknown, name: string): unknown {
  return isObject(of) ? of[name] : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
