/** How a run can end, and the refusals that say so. */
import type { Say } from "../core/card.ts";
import type { Json } from "../core/operation.ts";
import { Refusal } from "../core/refusal.ts";

export const ends = [
  "succeeded",
  "nothing to do",
  "refused",
  "rejected",
  "expired",
  "cancelled",
  "taken back",
  "abandoned",
] as const;
export type End = (typeof ends)[number];

/** How a run ended. */
export interface Outcome {
  readonly end: End;
  readonly says: string;
  readonly output: Json;
  readonly next: readonly Say[];
}

/** A refusal that says how the run ends if its author lets it pass. */
export class Ended extends Refusal {
  readonly end: End;
  constructor(end: End, says: string) {
    super(says);
    this.end = end;
  }
}

/** How a run ends that threw this refusal. */
export function endOf(refusal: Refusal): End {
  return refusal instanceof Ended ? refusal.end : "refused";
}
