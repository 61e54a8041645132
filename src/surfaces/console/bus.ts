/** Who listens to the console's messages: pages that are open now. Nothing here is remembered by the database. */
import type { OutMessage } from "../../core/surface.ts";

/** Something that an open page may want to show. */
export type Told =
  /** A message was posted or changed; `message` is how it looks now. */
  | {
      readonly is: "message";
      readonly channel: string;
      readonly message: OutMessage;
      readonly isNew: boolean;
    }
  /** Somebody's own words were stored. */
  | { readonly is: "said"; readonly channel: string; readonly id: string }
  /** A run changed: its details are worth reading again. */
  | { readonly is: "run"; readonly run: string };

/** A number that grows by one with each thing told, and what was told. */
export interface Heard {
  readonly number: number;
  readonly told: Told;
}

export interface Bus {
  /** Different for each bus: numbers of another one mean nothing here. */
  readonly id: string;
  tell(told: Told): void;
  /** Calls `hear` for everything told from now on, until the answer is called. */
  listen(hear: (heard: Heard) => void): () => void;
  /** What was told after `number`, or undefined where that is too long ago to know. */
  since(number: number): readonly Heard[] | undefined;
}

/** Keeps the last `keep` things told for pages that come back. */
export function bus(id: string, keep = 500): Bus {
  const listeners = new Set<(heard: Heard) => void>();
  const kept: Heard[] = [];
  let number = 0;
  return {
    id,
    tell: (told) => {
      number += 1;
      const heard = { number, told };
      kept.push(heard);
      if (kept.length > keep) kept.shift();
      for (const listener of listeners) listener(heard);
    },
    listen: (hear) => {
      listeners.add(hear);
      return () => listeners.delete(hear);
    },
    since: (after) => {
      const isKnown = after <= number && after >= number - kept.length;
      if (!isKnown) return undefined;
      return kept.filter((heard) => heard.number > after);
    },
  };
}
