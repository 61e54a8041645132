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
      await Promise.all([...known.values()].map((watching) => watching.forget(Number.MAX_VALUE)));
    },
  };
}

interface Watching extends Watched {
  /** Ends the watches that were last read before that time. */
  forget(before: number): Promise<void>;
}

function inNamespace(how: Omit<Keeping, "kind">): Watching {
  const kinds = new Map<WatchedKind, { readonly kept: Kept; readAt: number }>();

  const of = (kind: WatchedKind): Kept => {
    const before = kinds.get(kind);
    if (before && !before.kept.broken()) {
      before.readAt = how.now();
      return before.kept;
    }
    const named = watchedKinds.find((each) => each.kind === kind);
    if (!named) throw new Error(`${kind} is not watched`);
    const fresh = { kept: kept({ ...how, kind: named }), readAt: how.now() };
    kinds.set(kind, fresh);
    return fresh.kept;
  };

  return {
    read: (kind, signal) => of(kind).read(signal),
    stale() {
      return longest([...kinds.values()].flatMap((each) => each.kept.stale() ?? []));
    },
    async forget(before) {
      const idle = [...kinds].filter(([, { readAt }]) => readAt < before);
      for (const [kind] of idle) kinds.delete(kind);
      await Promise.all(idle.map(([, each]) => each.kept.close()));
    },
  };
}

function longest(silent: readonly Stale[]): Stale | undefined {
  return silent.toSorted((one, other) => one.since - other.since)[0];
}
