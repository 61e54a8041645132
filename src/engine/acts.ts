/** The acts of one change in their places, and what stands in the place of late values. */
import { type Act, type Effect, type Json, Late, type Until } from "../core/operation.ts";
import { type Change, canonical, type PlanGroup } from "../core/plan.ts";
import { refuse } from "../core/refusal.ts";
import { sha256 } from "./digest.ts";

export type Leaf = Effect | Until;
export interface Placed {
  readonly place: string;
  readonly act: Leaf;
}

/** A late value in a plan: the place of the operation it comes from, and the path in its result. */
export interface Blank {
  readonly $from: string;
  readonly path: readonly string[];
}
export function isBlank(value: unknown): value is Blank {
  return typeof value === "object" && value !== null && "$from" in value;
}

export interface Acts {
  /** In order; a group's parts one after another. */
  readonly placed: readonly Placed[];
  readonly groups: readonly PlanGroup[];
  /** Throws where the operation is not one of this change. */
  placeOf(act: Leaf): string;
  /** The input as data: `known` answers for a place with its result or what is known of it; the rest are blanks. */
  fill(value: unknown, known: (place: string) => unknown): unknown;
  /** A hash of what the code asks for: the same code and journal give the same. */
  readonly shape: string;
}

/**
 * Gives each act its place: `2` is the third act, `1.0.2` the third act in the first part of the second.
 * Refuses an input that holds data in a late value's shape: it would be filled with another operation's result.
 */
export function placeActs(step: string, acts: readonly Act[]): Acts {
  const places = new Map<Leaf, string>();
  const placed: Placed[] = [];
  const groups: PlanGroup[] = [];
  const walk = (list: readonly Act[], prefix: string): void => {
    for (const [i, act] of list.entries()) {
      const place = `${prefix}${i}`;
      if ("parts" in act) {
        groups.push({ place, kind: act.kind, parts: act.parts.length });
        for (const [j, part] of act.parts.entries()) walk(part, `${place}.${j}.`);
      } else {
        if (places.has(act)) throw new Error(`"${step}" has the same operation twice (${place})`);
        if (looksLate(act.kind === "until" ? act.look.input : act.input))
          refuse(`The input of "${step}" holds the name "$from", which is the engine's own.`);
        places.set(act, place);
        placed.push({ place, act });
      }
    }
  };
  walk(acts, "");
  const placeOf = (act: Leaf): string => {
    const place = places.get(act);
    if (place === undefined)
      throw new Error(`"${step}" has no such operation: it is not in this change`);
    return place;
  };
  const blank = (late: Late<unknown>): Blank => {
    const from = places.get(late.of);
    if (from === undefined)
      throw new Error(`"${step}": from() names an operation that is not in this change`);
    return { $from: from, path: late.path };
  };
  const fill = (value: unknown, known: (place: string) => unknown): unknown =>
    fillBlanks(value, known, blank);
  const nothing = () => undefined;
  return {
    placed,
    groups,
    placeOf,
    fill,
    shape: sha256([
      groups,
      placed.map(({ place, act }) =>
        act.kind === "until"
          ? [place, act.look.op, fill(act.look.input, nothing), act.every, act.timeout]
          : [place, act.op, fill(act.input, nothing)],
      ),
    ]),
  };
}

function looksLate(value: unknown): boolean {
  if (typeof value !== "object" || value === null || value instanceof Late) return false;
  return isBlank(value) || Object.values(value).some(looksLate);
}

/** Puts what is known into the place of blanks; what is not stays one. `blank` says what a late value is. */
export function fillBlanks(
  value: unknown,
  known: (place: string) => unknown,
  blank?: (late: Late<unknown>) => Blank,
): unknown {
  const at = value instanceof Late ? blank?.(value) : value;
  if (isBlank(at)) return field(known(at.$from), at.path) ?? { $from: at.$from, path: at.path };
  if (Array.isArray(at)) return at.map((item) => fillBlanks(item, known, blank));
  if (typeof at !== "object" || at === null) return at;
  return Object.fromEntries(
    Object.entries(at).map(([key, item]) => [key, fillBlanks(item, known, blank)]),
  );
}

/** Whether `a` is over when `b` starts: in a list what stands earlier is; in another part of the same group nothing is. */
export function isBefore(a: string, b: string): boolean {
  const x = a.split(".");
  const y = b.split(".");
  let i = 0;
  while (i < x.length && x[i] === y[i]) i++;
  return i % 2 === 0 && Number(x[i]) < Number(y[i]);
}

/** The same as planned, where a planned value that was known only after is a blank. */
export function fits(planned: unknown, now: unknown): boolean {
  if (isBlank(planned)) return true;
  if (typeof planned !== "object" || planned === null) return planned === now;
  if (typeof now !== "object" || now === null) return false;
  const keys = Object.keys(planned).sort();
  if (canonical(keys) !== canonical(Object.keys(now).sort())) return false;
  return keys.every((key) => fits(Reflect.get(planned, key), Reflect.get(now, key)));
}

/**
 * The lines of a diff as planned. One for the whole of something (it names no field) that was known only after stands
 * for each further line of that.
 */
export function fitsLines(planned: readonly Change[], now: readonly Change[]): boolean {
  const isWhole = ({ field, to }: Change) => field === undefined && isBlank(to);
  const told = planned.filter((line) => !isWhole(line));
  const wholes = planned.filter(isWhole).map(({ of }) => of);
  const more = now.slice(told.length);
  return fits(told, now.slice(0, told.length)) && more.every(({ of }) => wholes.includes(of));
}

/** Whether anything in it is known only after. */
export function hasBlank(value: unknown): boolean {
  if (isBlank(value)) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(hasBlank);
}

/** Data only: drops undefined and anything that JSON can't hold. */
export function asJson(value: unknown): Json {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json);
}

function field(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = Reflect.get(at, key);
  }
  return at;
}
