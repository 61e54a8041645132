/** What all looks of this folder rest on. */
import type { Records, Spot } from "../types.ts";

export interface Reading {
  readonly spotOf: (at: { readonly service: string; readonly environment: string }) => Spot;
  readonly records: Records;
  /** Milliseconds for which a release may be stuck before it counts as failed. */
  readonly patience: (environment: string) => number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface Place {
  readonly service: string;
  readonly environment: string;
}
