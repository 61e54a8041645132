/** Two kinds of effects that most providers are made of: an object as declared, and something that happens once. */
import type { z } from "zod";
import { type Json, Late, type Sure } from "../../../src/core/operation.ts";
import { type Change, canonical } from "../../../src/core/plan.ts";
import type { EffectFaces } from "../../../src/core/provider.ts";
import { Moved } from "../../../src/core/refusal.ts";
import type { Build, EffectSpec } from "../../../src/core/role.ts";
import { world as role } from "./roles/minding.ts";
import type { Fields, World } from "./world.ts";

export interface Declared<I, R> {
  /** The object's id. */
  readonly object: (input: I) => string;
  /** Its fields afterwards; late values may be among them. */
  readonly want: (input: I) => { readonly [field: string]: unknown };
  /** What of the result is known before. */
  readonly knows?: (input: I) => Partial<R>;
  readonly result: (input: Sure<I>) => R;
}

/** One declared object: preview is a diff, run sets it, undo puts it back. A second preview says `same`. */
export function declared<A extends z.ZodType, B extends z.ZodType>(
  world: World,
  { op }: Build<EffectSpec<A, B>>,
  it: Declared<z.output<A>, z.output<B>>,
): EffectFaces<z.output<A>, z.output<B>> {
  return {
    async preview(input, see) {
      const id = it.object(input);
      const now = (see.planned(id) ?? world.read(id)) as Fields | null;
      const want = it.want(input) as Fields;
      const [first, ...more] = differences(id, now, want);
      if (!first) return { same: it.result(input as Sure<z.output<A>>) };
      return {
        changes: [first, ...more],
        seen: { [id]: now },
        will: { [id]: { ...now, ...want } },
        knows: it.knows?.(input) ?? {},
        undo: [role.put({ id, was: now && canonical(now) })],
      };
    },
    async run(input, { seen, key }) {
      const sure = input as unknown as z.output<A>;
      const id = it.object(sure);
      const now = world.read(id);
      if (canonical(now) !== canonical(seen[id]))
        throw new Moved(`${id} is not as it was when this was planned.`);
      world.set(id, { ...now, ...(it.want(sure) as Fields) });
      world.wrote(op, key);
      return it.result(input);
    },
  };
}

export interface Happens<I, R> {
  readonly object: (input: I) => string;
  readonly does: (input: Sure<I>, key: string) => R;
  /** Why nothing takes it back. */
  readonly irreversible: string;
}

/** Something that happens once, a job or a push: found by its key, never taken back. */
export function happens<A extends z.ZodType, B extends z.ZodType>(
  world: World,
  { op }: Build<EffectSpec<A, B>>,
  it: Happens<z.output<A>, z.output<B>>,
): EffectFaces<z.output<A>, z.output<B>> {
  return {
    async preview(input) {
      return {
        changes: [{ of: it.object(input), from: null, to: "once" }],
        seen: {},
        will: {},
        undo: { irreversible: it.irreversible },
      };
    },
    async run(input, { key }) {
      const result = it.does(input, key);
      world.once.set(key, result as Json);
      world.wrote(op, key);
      return result;
    },
    async find(_input, key) {
      return world.once.has(key) ? { did: world.once.get(key) as z.output<B> } : "not done";
    },
  };
}

function differences(id: string, now: Fields | null, want: Fields): readonly Change[] {
  return Object.entries(want)
    .filter(([field, to]) => isLate(to) || canonical(now?.[field] ?? null) !== canonical(to))
    .map(([field, to]) => ({ of: id, field, from: now?.[field] ?? null, to }));
}

function isLate(value: unknown): boolean {
  if (value instanceof Late) return true;
  return typeof value === "object" && value !== null && "$from" in value;
}
