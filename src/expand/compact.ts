/** Small things that every object is made with. */
import type { Json } from "../core/operation.ts";
import { milliseconds, type Time } from "../core/time.ts";

/** The same without the fields that are undefined. */
export function compact(value: Json): Json {
  if (Array.isArray(value)) return value.map(compact);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) =>
      inner === undefined ? [] : [[key, compact(inner)]],
    ),
  );
}

/** The list or map, or undefined where it is empty. */
export function filled<T extends object>(value: T): T | undefined {
  return Object.keys(value).length > 0 ? value : undefined;
}

/** The span in whole seconds, at least one where it is not nothing. */
export const seconds = (time: Time): number => Math.ceil(milliseconds(time) / 1000);
