/** Things to do outside, as data: an operation does nothing, it says what. */
import { z } from "zod";
import type { Time } from "./time.ts";

export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** Any JSON, checked. */
export const Json: z.ZodType<Json> = z.json();

/** What is touched or read, as a path that starts at the environment: `production/web`. A lock covers what lies below it. */
export type Target = `${string}/${string}`;

/** The phantom that carries a result's type. */
declare const gives: unique symbol;
export interface Gives<R> {
  readonly [gives]?: () => R;
}

interface Operation<K extends string, R> extends Gives<R> {
  readonly kind: K;
  /** Role and name, `clusters.release`. */
  readonly op: string;
  readonly input: Json;
}
/** Changes something. Only `step.change` carries one out. */
export type Effect<R = unknown> = Operation<"effect", R>;
/** Reads something once. */
export type Look<R = unknown> = Operation<"look", R>;
/** Reads on and on. Only a command's reply may hold one. */
export type Stream<R = unknown> = Operation<"stream", R>;

/** A look that judges itself: still going, good, or bad and why. */
export interface Progress {
  readonly state: "going" | "good" | "bad";
  readonly says: string;
  /** Still going, but only a change for the better saves it; `says` tells why and what follows. */
  readonly stuck?: boolean | undefined;
}
/** Asks `look` every `every` until it is good; bad, or `timeout` over, takes the change back. */
export interface Until<R = unknown> extends Gives<R> {
  readonly kind: "until";
  readonly look: Look<R>;
  readonly every: Time;
  readonly timeout: Time;
}
/** Parts side by side. */
export interface Group {
  readonly kind: "all" | "each";
  readonly parts: readonly (readonly Act[])[];
}
export type Act = Effect | Until | Group;

/** Waits, inside a change, until a look is good. */
export function until<R extends Progress>(
  look: Look<R>,
  limits: { every: Time; timeout: Time },
): Until<R> {
  return { kind: "until", look, ...limits };
}

/** Parts side by side: when one fails, everything is taken back. */
export function all(parts: readonly (readonly Act[])[]): Group {
  return { kind: "all", parts };
}

/** Parts side by side: a part that fails takes back itself alone. */
export function each(parts: readonly (readonly Act[])[]): Group {
  return { kind: "each", parts };
}

/** A result's schema for a look that a plan can wait on. */
export function progress<S extends z.ZodRawShape>(more: S) {
  return z.object({
    state: z.enum(["going", "good", "bad"]),
    says: z.string(),
    stuck: z.boolean().optional(),
    ...more,
  });
}

/** A value known only after an earlier operation of the same change has run. */
export class Late<T> implements Gives<T> {
  declare readonly [gives]?: () => T;
  readonly of: Effect | Until;
  readonly path: readonly string[];
  constructor(of: Effect | Until, path: readonly string[]) {
    this.of = of;
    this.path = path;
  }
  [Symbol.toPrimitive](): never {
    throw new Error("from() is known only later: it can't be part of a text");
  }
}

/** Lets an input field take `from()`: its value may be known only later. */
export function late<S extends z.ZodType>(
  schema: S,
): z.ZodType<z.output<S> | Late<z.output<S>>, z.input<S> | Late<z.output<S>>> {
  return z.union([schema, z.custom<Late<z.output<S>>>((value) => value instanceof Late)]);
}

/** An input in which everything late has become known. */
export type Sure<T> =
  T extends Late<unknown>
    ? never
    : T extends string | number | boolean | null | undefined
      ? T
      : { [K in keyof T]: Sure<T[K]> };

/** A field of an earlier operation's result, by name. */
export function from<R, A extends keyof R & string>(op: Effect<R> | Until<R>, a: A): Late<R[A]>;
export function from<R, A extends keyof R & string, B extends keyof R[A] & string>(
  op: Effect<R> | Until<R>,
  a: A,
  b: B,
): Late<R[A][B]>;
export function from(op: Effect | Until, ...path: string[]): Late<unknown> {
  return new Late(op, path);
}
