/** A world in memory: objects that providers change, counted by key as a server of its own would. */
import type { Json } from "../../../src/core/operation.ts";
import { canonical } from "../../../src/core/plan.ts";

export type Fields = Readonly<Record<string, Json>>;

/** One effect that really happened. */
export interface Write {
  readonly op: string;
  readonly key: string;
}

export interface World {
  readonly objects: ReadonlyMap<string, Fields>;
  /** Results of things that happen once, by key. */
  readonly once: Map<string, Json>;
  /** Every effect that happened, in order. */
  readonly writes: readonly Write[];
  /** What happened outside that nobody here did: `resolved`, `closed`. */
  readonly signs: Set<string>;
  /** How many plans were made by tools whose plans differ each time. */
  plans: number;
  /** Whether the answer to this effect gets lost: it happened, and the caller gets an error. */
  loses: (write: Write) => boolean;
  /** Called before each read of an object by a provider. */
  beforeRead: (id: string) => void;
  read(id: string): Fields | null;
  set(id: string, fields: Fields | null): void;
  /** Milliseconds since the object was last set. */
  age(id: string): number;
  /** Counts an effect; throws where its answer gets lost. */
  wrote(op: string, key: string): void;
  /** All objects in a stable order. */
  picture(): string;
}

/** An empty world by this clock, in milliseconds. */
export function emptyWorld(now: () => number): World {
  const objects = new Map<string, Fields>();
  const since = new Map<string, number>();
  const writes: Write[] = [];
  const made: World = {
    objects,
    once: new Map(),
    writes,
    signs: new Set(),
    plans: 0,
    loses: () => false,
    beforeRead: () => {},
    read(id) {
      made.beforeRead(id);
      return objects.get(id) ?? null;
    },
    set(id, fields) {
      if (fields) objects.set(id, fields);
      else objects.delete(id);
      since.set(id, now());
    },
    age: (id) => now() - (since.get(id) ?? now()),
    wrote(op, key) {
      const write = { op, key };
      writes.push(write);
      if (made.loses(write)) throw new Error("connection reset");
    },
    picture: () => canonical(Object.fromEntries(objects)),
  };
  return made;
}
