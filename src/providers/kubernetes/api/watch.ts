/** What goes on in the namespaces of one cluster, from memory: reading it asks the API server for nothing. */

import { type Watched, type WatchedKind, watchedKinds } from "../types.ts";
import type { Connection } from "./connection.ts";
import { type Keeping, type Kept, kept, type Stale } from "./kept.ts";

export interface Watches {
  /** The same one for the same namespace. A kind is watched from its first read on. */
  of(namespace: string): Watched;
  /** The one that has been silent for the longest time; undefined while all hold. */
  stale(): ReturnType<Watched["stale"]>;
  /** Ends all watches. */
  close(): Promise<void>;
}

export interface WatchesOptions {
  readonly cluster: Pick<Connection, "name" | "pages" | "watch">;
  readonly log?: (says: string) => void;
  /** What nobody has read for so long is no longer watched; milliseconds. */
  readonly idle?: number;
  /** How long one watch lives before it is renewed, which is also how soon silence is noticed; milliseconds. */
  readonly lives?: number;
  readonly now?: () => number;
  readonly chance?: () => number;
}

export function watches(options: WatchesOptions): Watches {
  const { cluster, log = () => {}, idle = 600_000, lives = 30_000 } = options;
  const { now = Date.now, chance = Math.random } = options;
  const known = new Map<string, Watching>();
  const timer = setInterval(() => {
    for (const watching of known.values()) void watching.forget(now() - idle);
  }, idle / 10);
  timer.unref();

  return {
    of(namespace) {
      const watching =
        known.get(namespace) ??
        inNamespace({ from: cluster, namespace, lives, grace: 5_000, now, chance, log });
      known.set(namespace, watching);
      return watching;
    },
    stale: () => longest([...known.values()].flatMap((watching) => watching.stale() ?? [])),
    async close() {
      clearInterval(timer);
      await Promise.all([...known.values()].map((watching) => watching.close()));
    },
  };
}

interface Watching extends Watched {
  /** Ends the watches that nobody reads and that were last read before that time. */
  forget(before: number): Promise<void>;
  /** Ends all of them. */
  close(): Promise<void>;
}

interface OfKind {
  readonly kept: Kept;
  /** How many wait for its first list now. */
  readers: number;
  readAt: number;
}

function inNamespace(how: Omit<Keeping, "kind">): Watching {
  const kinds = new Map<WatchedKind, OfKind>();

  const of = (kind: WatchedKind): OfKind => {
    const before = kinds.get(kind);
    if (before && !before.kept.broken()) return before;
    const named = watchedKinds.find((each) => each.kind === kind);
    if (!named) throw new Error(`${kind} is not watched`);
    const fresh = { kept: kept({ ...how, kind: named }), readers: 0, readAt: how.now() };
    kinds.set(kind, fresh);
    return fresh;
  };
  const end = async (ended: readonly [WatchedKind, OfKind][]): Promise<void> => {
    for (const [kind] of ended) kinds.delete(kind);
    await Promise.all(ended.map(([, each]) => each.kept.close()));
  };

  return {
    async read(kind, signal) {
      const read = of(kind);
      read.readers += 1;
      try {
        return await read.kept.read(signal);
      } finally {
        read.readers -= 1;
        read.readAt = how.now();
      }
    },
    stale() {
      return longest([...kinds.values()].flatMap((each) => each.kept.stale() ?? []));
    },
    forget: (before) =>
      end([...kinds].filter(([, { readers, readAt }]) => readers === 0 && readAt < before)),
    close: () => end([...kinds]),
  };
}

function longest(silent: readonly Stale[]): Stale | undefined {
  return silent.toSorted((one, other) => one.since - other.since)[0];
}
