/**
 * One kind of one namespace, kept in memory: listed once, then watched from there on. A watch ends by itself after a
 * while and goes on where it stopped, which costs no list; one that was cut, or says nothing for longer than it may
 * live, is made anew after a pause that grows; only where the API server has forgotten the place (410) is listed again.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { KubeObject } from "../../../expand/object.ts";
import { ApiError, type Ref } from "../types.ts";
import type { Connection } from "./connection.ts";
import { slim } from "./slim.ts";
import { unless } from "./wire.ts";

export interface Stale {
  /** When the cluster was last heard, in milliseconds since 1970. */
  readonly since: number;
  readonly why: string;
}

export interface Kept {
  /** Waits for the first list, and throws where that fails. The same objects until one of them changes. */
  read(signal: AbortSignal): Promise<readonly KubeObject[]>;
  /** Undefined while the watch holds. */
  stale(): Stale | undefined;
  /** Whether the first list failed: this one is of no use any more. */
  broken(): boolean;
  close(): Promise<void>;
}

export interface Keeping {
  readonly from: Pick<Connection, "name" | "pages" | "watch">;
  readonly kind: Pick<Ref, "apiVersion" | "kind">;
  readonly namespace: string;
  /** How long one watch lives, in milliseconds. */
  readonly lives: number;
  /** How much longer its end is waited for; after that the cluster is silent. */
  readonly grace: number;
  readonly now: () => number;
  /** From 0 to 1, so that not all come back at once. */
  readonly chance: () => number;
  readonly log: (says: string) => void;
}

/** The first pause after a watch was cut, and the longest, in milliseconds. */
const pauses = { first: 200, longest: 5_000 };

export function kept(keeping: Keeping): Kept {
  const { from, kind, namespace, lives, grace, now, chance, log } = keeping;
  const end = new AbortController();
  const objects = new Map<string, KubeObject>();
  let all: readonly KubeObject[] | undefined;
  let heard = now();
  let lost: string | undefined;
  let broken = false;

  const hear = () => {
    heard = now();
    if (lost !== undefined) log(`${from.name} tells about ${kind.kind}s in ${namespace} again`);
    lost = undefined;
  };
  const lose = (error: unknown) => {
    const why = reason(error, kind.kind, from.name);
    if (lost === undefined) log(`watching ${kind.kind}s in ${namespace} on ${from.name}: ${why}`);
    lost = why;
  };

  async function list(): Promise<string> {
    const fresh = new Map<string, KubeObject>();
    let version = "";
    for await (const page of from.pages(kind, { namespace }, end.signal)) {
      for (const object of page.items) fresh.set(object.metadata.name, asBefore(object));
      version = page.resourceVersion;
    }
    objects.clear();
    for (const [name, object] of fresh) objects.set(name, object);
    all = undefined;
    hear();
    return version;
  }

  /** The one that is there already where it is the same: whoever remembers it by its identity need not read it again. */
  function asBefore(object: KubeObject): KubeObject {
    const before = objects.get(object.metadata.name);
    const same = before?.metadata["resourceVersion"] === object.metadata["resourceVersion"];
    return before && same ? before : slim(object);
  }

  /** Watches until the API server ends it; where the next watch begins is in `place`. */
  async function follow(place: { version: string }): Promise<void> {
    const life = lives * (0.8 + 0.2 * chance());
    const silence = new AbortController();
    const timer = setTimeout(
      () => silence.abort(new Error(`the cluster ${from.name} has gone silent`)),
      life + grace,
    );
    try {
      const where = { namespace, resourceVersion: place.version, seconds: Math.ceil(life / 1000) };
      const signal = AbortSignal.any([end.signal, silence.signal]);
      for await (const { type, object, resourceVersion } of await heardFrom(where, signal)) {
        hear();
        place.version = resourceVersion;
        if (!object) continue;
        if (type === "DELETED") objects.delete(object.metadata.name);
        else objects.set(object.metadata.name, slim(object));
        all = undefined;
      }
      hear();
    } finally {
      clearTimeout(timer);
    }
  }

  async function heardFrom(where: Parameters<Connection["watch"]>[1], signal: AbortSignal) {
    const told = await from.watch(kind, where, signal);
    hear();
    return told;
  }

  async function forever(first: string): Promise<void> {
    let place: { version: string } | undefined = { version: first };
    let failed = 0;
    while (!end.signal.aborted) {
      const began = now();
      try {
        place ??= { version: await list() };
        await follow(place);
        // One that is ended at once, again and again, must not become a storm.
        failed = now() - began < 1000 ? failed + 1 : 0;
      } catch (error) {
        if (end.signal.aborted) return;
        if (error instanceof ApiError && error.code === 410) place = undefined;
        else lose(error);
        failed = now() - began < pauses.longest ? failed + 1 : 1;
      }
      const most = Math.min(pauses.longest, pauses.first * 2 ** Math.min(failed, 10));
      if (failed > 0)
        await pause(most * (0.5 + 0.5 * chance()), undefined, { signal: end.signal }).catch(
          () => undefined, // closed meanwhile
        );
    }
  }

  const first = list();
  const over = first.then(forever, () => {
    broken = true;
  });

  return {
    async read(signal) {
      await unless(signal, first);
      all ??= [...objects.values()];
      return all;
    },
    stale: () => (lost === undefined ? undefined : { since: heard, why: lost }),
    broken: () => broken,
    async close() {
      end.abort(new Error("the watch was closed"));
      await over;
    },
  };
}

/** Why nothing is heard, for people. */
function reason(error: unknown, kind: string, cluster: string): string {
  if (error instanceof ApiError && error.code === 403)
    return `the cluster ${cluster} no longer lets Shipmate watch ${kind}s`;
  return error instanceof Error ? error.message : String(error);
}
