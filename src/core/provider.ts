/** What a provider writes: the faces of each operation of a role. */
import type { z } from "zod";
import type { Effect, Json, Sure } from "./operation.ts";
import type { Preview, Seen } from "./plan.ts";
import type { EffectSpec, LookSpec, StreamSpec } from "./role.ts";

/** What a preview may look at besides its input. */
export interface See<R> {
  /** The operation itself, for `from(self, "id")` in an undo. */
  readonly self: Effect<R>;
  /** The preview of the same operation in the plan before, when this is a second look. */
  readonly before: Preview<R> | undefined;
  /** What an earlier operation of the same plan will have made of an object. */
  planned(object: string): Json | undefined;
  /** The person in whose name it is asked, by id; a provider may act with that person's own rights. */
  readonly by?: string;
  readonly signal: AbortSignal;
}

/** What carrying out is bound to, for the length of one call. */
export interface Run<R> {
  /** The same for every attempt at the same effect: the remote's or our own means to find a first one. */
  readonly key: string;
  /** The precondition: throw Moved where the world no longer is like this. */
  readonly seen: Seen;
  readonly plan: Preview<R>;
  /** The person who asked for the run, by id. */
  readonly by?: string;
  readonly signal: AbortSignal;
}

export interface EffectFaces<I, R> {
  /** What would change. Late fields of the input may still be Late. Changes nothing. */
  preview(input: I, see: See<R>): Promise<Preview<R>>;
  /** Does it. A Refusal takes the change back; any other error is a fault and its outcome counts as unknown. */
  run(input: Sure<I>, run: Run<R>): Promise<R>;
  /** Whether it was done under this key. Leave it out where a second preview says `same` once it was done. */
  find?(input: Sure<I>, key: string): Promise<{ readonly did: R } | "not done" | "unknown">;
}

type Faces<S> =
  S extends EffectSpec<infer I, infer R>
    ? EffectFaces<z.output<I>, z.output<R>>
    : S extends LookSpec<infer I, infer R>
      ? (input: Sure<z.output<I>>, signal: AbortSignal, by?: string) => Promise<z.output<R>>
      : S extends StreamSpec<infer I, infer R>
        ? (input: Sure<z.output<I>>, signal: AbortSignal, by?: string) => AsyncIterable<z.output<R>>
        : never;

/** All faces of a role, by operation. `by` is the person who asks, by id. */
export type Provider<Rl> = {
  readonly [K in keyof Rl as Rl[K] extends { spec: { kind: "event" } } ? never : K]: Rl[K] extends {
    spec: infer S;
  }
    ? Faces<S>
    : never;
};
