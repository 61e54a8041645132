/** Roles: what kinds of operations exist, in nobody's vendor words. Providers serve them. */
import type { z } from "zod";
import type { Effect, Look, Stream, Target } from "./operation.ts";

type Zod = z.ZodType;
export interface EffectSpec<I extends Zod = Zod, R extends Zod = Zod> {
  readonly kind: "effect";
  readonly input: I;
  readonly result: R;
  /** The targets it changes: what policy judges and locks cover. It sees no late value. */
  on(input: z.output<I>): readonly Target[];
  /** The line for people: `release web 1.4.2 to production`. */
  says(input: z.output<I>): string;
  /** How it reads when it took something back, after "so": `web 1.4.1 runs again in production`. */
  again?(input: z.output<I>): string;
}
export interface LookSpec<I extends Zod = Zod, R extends Zod = Zod> {
  readonly kind: "look";
  readonly input: I;
  readonly result: R;
  /** The targets it reads; policy may guard them. */
  on?(input: z.output<I>): readonly Target[];
}
export interface StreamSpec<I extends Zod = Zod, R extends Zod = Zod> {
  readonly kind: "stream";
  readonly input: I;
  readonly result: R;
  on?(input: z.output<I>): readonly Target[];
}
/** Something that happens outside and rings at the door. */
export interface EventSpec<R extends Zod = Zod> {
  readonly kind: "event";
  readonly result: R;
}
/** Any spec: `on` and `says` are methods, so a spec of any input fits. */
export type Spec = EffectSpec | LookSpec | StreamSpec | EventSpec;

export function effect<I extends Zod, R extends Zod>(
  spec: Omit<EffectSpec<I, R>, "kind">,
): EffectSpec<I, R> {
  return { kind: "effect", ...spec };
}
export function look<I extends Zod, R extends Zod>(
  spec: Omit<LookSpec<I, R>, "kind">,
): LookSpec<I, R> {
  return { kind: "look", ...spec };
}
export function stream<I extends Zod, R extends Zod>(
  spec: Omit<StreamSpec<I, R>, "kind">,
): StreamSpec<I, R> {
  return { kind: "stream", ...spec };
}
export function event<R extends Zod>(spec: { result: R }): EventSpec<R> {
  return { kind: "event", ...spec };
}

type Made<S> =
  S extends EffectSpec<infer I, infer R>
    ? (input: z.input<I>) => Effect<z.output<R>>
    : S extends LookSpec<infer I, infer R>
      ? (input: z.input<I>) => Look<z.output<R>>
      : S extends StreamSpec<infer I, infer R>
        ? (input: z.input<I>) => Stream<z.output<R>>
        : unknown;
/** Makes one kind of operation, and carries its spec so that providers' types can be inferred. */
export type Build<S> = Made<S> & { readonly op: string; readonly spec: S };
export type Role<S> = { readonly [K in keyof S]: Build<S[K]> };
/** Any role, for lists of them. */
export type AnyRole = { readonly [name: string]: { readonly op: string; readonly spec: Spec } };

/** Declares a role. Each builder checks its input against the schema at once and throws a ZodError where it does not fit. */
export function role<const S extends { readonly [name: string]: Spec }>(
  name: string,
  specs: S,
): Role<S> {
  const builders: Record<string, unknown> = {};
  for (const [key, spec] of Object.entries(specs)) {
    const op = `${name}.${key}`;
    const build = (input: unknown) =>
      Object.freeze({
        kind: spec.kind,
        op,
        input: "input" in spec ? spec.input.parse(input) : {},
      });
    builders[key] = Object.assign(build, { op, spec });
  }
  return builders as Role<S>;
}
