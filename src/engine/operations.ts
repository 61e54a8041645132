/**
 * The registry of operations: each with its spec and the provider that serves it.
 *
 * This is the only place that holds providers' faces. An effect's `run` is reached through `carry` alone, and `carry`
 * asks its fence first: so no effect happens outside a change, nor for a driver whose claim is stale.
 */
import type { z } from "zod";
import type { Json, Late, Look, Stream } from "../core/operation.ts";
import type { Preview } from "../core/plan.ts";
import type { EffectFaces, Provider, Run, See } from "../core/provider.ts";
import { Refusal } from "../core/refusal.ts";
import type { AnyRole, EffectSpec, LookSpec, Spec, StreamSpec } from "../core/role.ts";
import { type Happened, type Meter, secondsSince } from "../observe/meter.ts";
import { expectOneLook } from "./limits.ts";

/** A provider of a role and its name, which stands in plans: `local`, or the cluster's. */
export interface Server<R = { readonly [operation: string]: unknown }> {
  readonly name: string;
  readonly provider: R;
}
/** A role and who serves it, by what an operation is about. */
export interface Served {
  readonly role: AnyRole;
  route(input: Json): Server;
}
export function serve<R extends AnyRole>(role: R, name: string, provider: Provider<R>): Served {
  return { role, route: () => ({ name, provider }) };
}
/** Throws a Refusal where nobody serves what it is about. */
export function serveBy<R extends AnyRole>(
  role: R,
  route: (input: Json) => Server<Provider<R>>,
): Served {
  return { role, route };
}

/** An input in which late values may stand as `Late` or `{ $from, path }`. */
export type Input = Json | Late<unknown> | { readonly [key: string]: unknown };

export interface Operations {
  readonly has: (op: string) => boolean;
  effectSpec(op: string): EffectSpec;
  /** Throws where it is no look. */
  expectLook(op: string): void;
  /** Whether a result that was recorded is one that the operation may give today. */
  fits(op: string, result: Json): boolean;
  /** Who serves it, for this input. */
  provider(op: string, input: Json): string;
  /** The targets that a look or stream reads. */
  reads(op: Look | Stream): readonly string[];
  /** `by`: the person in whose name it is read, by id. */
  look(op: Look, signal: AbortSignal, by?: string): Promise<Json>;
  stream(op: Stream, signal: AbortSignal, by?: string): AsyncIterable<unknown>;
  preview(op: string, input: Input, see: See<Json>): Promise<Preview<Json>>;
  /** Absent where a second preview tells. */
  find(
    op: string,
    input: Input,
    key: string,
  ): Promise<{ readonly did: Json } | "not done" | "unknown" | "no find">;
  /** Runs an effect after the fence let it pass. The fence throws where the claim is stale. */
  carry(op: string, input: Input, run: Run<Json>, fence: () => Promise<void>): Promise<Json>;
}

type Carry = (input: Input, run: Run<Json>) => Promise<unknown>;
type Find = (input: Input, key: string) => ReturnType<Operations["find"]>;
/** How long one call of a provider may take, in milliseconds: to read, and to change something. */
const readLimit = 60_000;
const runLimit = 125_000;

interface Bound {
  readonly spec: Spec;
  face(input: unknown): unknown;
  name(input: Json): string;
}

export function operations(served: readonly Served[], meter?: Meter): Operations {
  const bound = new Map<string, Bound>();
  for (const { role, route } of served) {
    for (const [key, { op, spec }] of Object.entries(role)) {
      const face = (input: unknown) => route(input as Json).provider[key];
      bound.set(op, { spec, face, name: (input) => route(input).name });
    }
  }
  const get = <K extends Spec["kind"]>(op: string, kind: K, to: string): Bound => {
    const found = bound.get(op);
    if (!found) throw new Error(`${op} is served by nobody here: connect a provider for it`);
    if (found.spec.kind !== kind) throw new Error(wrongKind(op, found.spec.kind, to));
    return found;
  };
  const effectSpec = (op: string) => get(op, "effect", "change with").spec as EffectSpec;
  const call = <T>(op: string, face: Face, limit: number, work: () => Promise<T>): Promise<T> =>
    metered(meter, op, face, () => within(limit, work()));
  const faces = (op: string, input: unknown) =>
    get(op, "effect", "change with").face(input) as EffectFaces<Json, Json>;

  return {
    has: (op) => bound.has(op),
    effectSpec,
    expectLook: (op) => void get(op, "look", "look at"),
    fits: (op, result) => bound.get(op)?.spec.result.safeParse(result).success ?? true,
    provider: (op, input) => bound.get(op)?.name(input) ?? "nobody",
    reads(op) {
      const { spec } = get(op.op, op.kind, op.kind === "look" ? "look at" : "stream");
      return "on" in spec ? (spec.on?.(op.input) ?? []) : [];
    },
    async look(op, signal, by) {
      const { spec, face } = get(op.op, "look", "look at");
      const ask = face(op.input) as (i: unknown, s: AbortSignal, by?: string) => Promise<unknown>;
      const answer = await call(op.op, "look", readLimit, () => ask(op.input, signal, by));
      const result = (spec as LookSpec).result.parse(answer) as Json;
      expectOneLook(op.op, result);
      return result;
    },
    stream(op, signal, by) {
      const { spec, face } = get(op.op, "stream", "stream");
      const open = face(op.input) as (
        i: unknown,
        s: AbortSignal,
        by?: string,
      ) => AsyncIterable<unknown>;
      return checked(spec as StreamSpec, open(op.input, signal, by));
    },
    async preview(op, input, see) {
      const { preview } = faces(op, input);
      const answer = await call(op, "preview", readLimit, () => preview(input as Json, see));
      if (!("same" in answer)) return answer;
      return { same: (effectSpec(op).result as z.ZodType<Json>).parse(answer.same) };
    },
    async find(op, input, key) {
      const find = faces(op, input).find as unknown as Find | undefined;
      return find ? call(op, "find", readLimit, () => find(input, key)) : "no find";
    },
    async carry(op, input, run, fence) {
      const face = faces(op, input).run as unknown as Carry;
      await fence();
      return (effectSpec(op).result as z.ZodType<Json>).parse(
        await call(op, "run", runLimit, () => face(input, run)),
      );
    },
  };
}

type Face = Extract<Happened, { is: "call" }>["face"];

async function metered<T>(
  meter: Meter | undefined,
  op: string,
  face: Face,
  work: () => Promise<T>,
): Promise<T> {
  const began = performance.now();
  const tell = (came: "done" | "refused" | "failed") =>
    meter?.({ is: "call", op, face, came, seconds: secondsSince(began) });
  try {
    const answer = await work();
    tell("done");
    return answer;
  } catch (error) {
    tell(error instanceof Refusal ? "refused" : "failed");
    throw error;
  }
}

/** A provider that hangs is a fault like any other: nothing may hold a run for ever. */
async function within<T>(limit: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const says = `no answer within ${limit / 1_000} s`;
  const timer = setTimeout(() => late.reject(new Error(says)), limit);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function wrongKind(op: string, kind: string, to: string): string {
  return kind === "effect"
    ? `${op} changes something: only step.change may carry it out`
    : `${op} is a ${kind}: there is nothing to ${to} here`;
}

async function* checked(spec: StreamSpec, lines: AsyncIterable<unknown>): AsyncIterable<unknown> {
  for await (const line of lines) yield spec.result.parse(line);
}
