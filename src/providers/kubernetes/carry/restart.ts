/** The effect `restart`: all pods are made anew, a few at a time, by a mark on their template that no release touches. */
import { setTimeout as pause } from "node:timers/promises";
import type { Seen } from "../../../core/plan.ts";
import type { Provider } from "../../../core/provider.ts";
import { Moved, refuse } from "../../../core/refusal.ts";
import { type KubeObject, marks } from "../../../expand/object.ts";
import type { clusters } from "../../../roles/clusters.ts";
import { nameOf, refOf } from "../order.ts";
import { denied } from "../plan/deny.ts";
import type { Cluster, Release, Spot, WatchedKind } from "../types.ts";
import { isOwn } from "../whose.ts";
import {
  coalesced,
  type Deck,
  fieldOf,
  hashOf,
  holds,
  isRunning,
  mainOf,
  requireNewest,
  resting,
  standing,
} from "./deck.ts";

export function restart(deck: Deck): Provider<typeof clusters>["restart"] {
  const { records } = deck;
  const once = coalesced<Record<string, never>>();
  return {
    async preview(input, { signal, by }) {
      const spot = deck.spotOf(input);
      const main = mainOf(input);
      const all = await records.list(spot, signal);
      const running = await workloads(spot, spot.as(by), all, signal);
      if (running.length === 0)
        refuse(`${input.service} does not run in ${input.environment}: deploy a version first.`);
      const [first, ...more] = running.map((object) => {
        const which = running.length === 1 ? "pods" : `pods of ${nameOf(object)}`;
        return { of: main, field: which, from: "as they are", to: "made anew, a few at a time" };
      });
      return {
        changes: [first ?? refuse("There is nothing to restart."), ...more],
        seen: { [main]: resting(standing(all)[0]), ...uids(running) },
        will: {},
        undo: [],
      };
    },

    run: (input, { key, seen, by, signal }) =>
      once(key, async () => {
        signal.throwIfAborted();
        const spot = deck.spotOf(input);
        const cluster = spot.as(by);
        const all = await records.list(spot, signal);
        const running = await workloads(spot, cluster, all, signal);
        const left = running.filter((object) => markOf(object) !== markFor(key));
        if (left.length === running.length) {
          requireNewest(input, seen, standing(all)[0]);
          const now = uids(running);
          if (
            Object.keys(now).some(
              (name) => fieldOf(now[name], "uid") !== fieldOf(seen[name], "uid"),
            )
          )
            throw new Moved(`${input.service} was made anew by somebody since this was planned.`);
        }
        for (const object of left) {
          await renew(cluster, object, markFor(key), signal).catch((error: unknown) => {
            throw denied(error, `restarting ${object.kind} ${object.metadata.name}`);
          });
        }
        await shown(spot, running, (object) => markOf(object) === markFor(key), signal);
        return {};
      }),

    async find(input, key) {
      const signal = AbortSignal.timeout(30_000);
      const spot = deck.spotOf(input);
      const all = await records.list(spot, signal);
      const running = await workloads(spot, spot.own, all, signal);
      const isDone = running.length > 0 && running.every((one) => markOf(one) === markFor(key));
      return isDone ? { did: {} } : "not done";
    },
  };
}

/** Marks the pods' template; the same mark twice does nothing. */
export async function renew(
  cluster: Cluster,
  object: KubeObject,
  mark: string,
  signal: AbortSignal,
): Promise<void> {
  const template = { metadata: { annotations: { [marks.restarted]: mark } } };
  const { uid } = object.metadata;
  await cluster.merge(refOf(object), { metadata: { uid }, spec: { template } }, {}, signal);
}

/** What keeps the service's pods running, as the API server has it now; what has become another service's is not it. */
export async function workloads(
  spot: Spot,
  cluster: Cluster,
  all: readonly Release[],
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const refs = holds(all).filter(isRunning);
  const found = await Promise.all(refs.map((ref) => cluster.get(ref, signal)));
  return found.filter((object) => object !== undefined).filter((object) => isOwn(spot, object));
}

/** Waits a moment until the watch, which all looks read, has seen what was just written. */
export async function shown(
  { watched }: Spot,
  written: readonly KubeObject[],
  isSeen: (object: KubeObject) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const isThere = async (object: KubeObject) => {
    const all = await watched.read(object.kind as WatchedKind, signal);
    return all.some((one) => one.metadata["uid"] === object.metadata["uid"] && isSeen(one));
  };
  for (let left = 50; left > 0; left--) {
    if ((await Promise.all(written.map(isThere))).every(Boolean)) return;
    await pause(20, undefined, { signal });
  }
}

export function uids(objects: readonly KubeObject[]): Seen {
  return Object.fromEntries(
    objects.map((one) => [nameOf(one), { uid: String(one.metadata["uid"]) }]),
  );
}

const markFor = (key: string): string => `restart-${hashOf(key)}`;

function markOf(object: KubeObject): unknown {
  const template = fieldOf(fieldOf(object, "spec"), "template");
  return fieldOf(fieldOf(fieldOf(template, "metadata"), "annotations"), marks.restarted);
}
