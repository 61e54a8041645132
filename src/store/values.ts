/** How values travel: every parameter goes to the database as text, every column comes back as data, on both kinds alike. */
import type { Value } from "./database.ts";

/** PostgreSQL's fixed numbers of the types that are not text for us (pg_type.dat). */
const boolean = 16;
const bytea = 17;
const numbers: ReadonlySet<number> = new Set([20, 21, 23, 26, 700, 701]);
const jsons: ReadonlySet<number> = new Set([114, 3802]);

/**
 * The text of a parameter; PostgreSQL knows from the statement what type it has.
 * Bytes become bytea, other objects and arrays JSON. PostgreSQL can hold neither NUL
 * nor half a surrogate pair: both become U+FFFD.
 */
export function toText(value: Value): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return holdable(value);
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString("hex")}`;
  if (typeof value !== "object") return String(value);
  const text = JSON.stringify(value);
  return text.includes("\\u") && unholdable.test(text) ? JSON.stringify(value, deepHoldable) : text;
}

const unholdable = /\\u(?:0000|d[89a-f])/i;

function deepHoldable(_key: string, value: unknown): unknown {
  if (typeof value === "string") return holdable(value);
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, of]) => [holdable(name), of]));
}

function holdable(text: string): string {
  const whole = text.isWellFormed() ? text : text.toWellFormed();
  return whole.includes("\0") ? whole.replaceAll("\0", "\uFFFD") : whole;
}

/** What makes data of a column's text. Types that are not named here stay text. */
export function fromText(type: number): (text: string) => unknown {
  if (numbers.has(type)) return Number;
  if (jsons.has(type)) return JSON.parse;
  if (type === boolean) return (text) => text === "t";
  if (type === bytea) return (text) => Uint8Array.from(Buffer.from(text.slice(2), "hex"));
  return (text) => text;
}
