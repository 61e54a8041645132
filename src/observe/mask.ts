/** The one masking sink: whatever leaves (card, thread, log, error, audit) passes it and holds no secret afterwards. */
import { type Stretch, search } from "./known.ts";
import { hidden, hide, namesSecret } from "./patterns.ts";

export interface Mask {
  /** The text with known secrets and whatever looks like one hidden. Time grows with its length alone. */
  text(text: string): string;
  /**
   * The same data with every text in it masked, keys and errors (message, cause, stack) too, and what
   * stands under a name such as `password` hidden as a whole. What it gets stays untouched.
   */
  data<T>(value: T): T;
}

/**
 * `secrets` gives the values known now; it is asked each time, so a rotated secret is hidden at once.
 * Strip invisible characters (`plain`) before, not after: one inside a secret would hide it from here.
 */
export function masker({ secrets }: { secrets: () => readonly string[] }): Mask {
  let known: readonly string[] = [];
  let find = search(known);
  const text = (whole: string): string => {
    const now = secrets();
    if (!sameTexts(known, now)) {
      known = [...now];
      find = search(known);
    }
    return hide(without(whole, find(whole)));
  };
  return { text, data: <T>(value: T) => copied(value, text, new Map(), 0) as T };
}

function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, at) => text === other[at]);
}

function without(text: string, stretches: readonly Stretch[]): string {
  if (stretches.length === 0) return text;
  let out = "";
  let from = 0;
  for (const { start, end } of stretches) {
    out += text.slice(from, start) + hidden;
    from = end;
  }
  return out + text.slice(from);
}

type Text = (text: string) => string;
/** Deeper than anything that we make; what lies below is left out. */
const deepest = 100;

function copied(value: unknown, text: Text, done: Map<object, unknown>, depth: number): unknown {
  if (typeof value === "string") return text(value);
  if (typeof value !== "object" || value === null) return value;
  const before = done.get(value);
  if (before !== undefined) return before;
  if (depth > deepest) return "[too deep]";
  const inner = (each: unknown) => copied(each, text, done, depth + 1);
  const fill = (into: object, names: readonly string[]) => {
    for (const name of names) {
      const each: unknown = Reflect.get(value, name);
      const bare = typeof each === "string" || typeof each === "number" || typeof each === "bigint";
      Object.defineProperty(into, text(name), {
        value: bare && each !== "" && namesSecret(name) ? hidden : inner(each),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
  };

  if (Array.isArray(value)) {
    const list: unknown[] = [];
    done.set(value, list);
    for (const each of value) list.push(inner(each));
    return list;
  }
  if (value instanceof Error) {
    const error = new Error(text(value.message));
    done.set(value, error);
    Object.setPrototypeOf(error, Object.getPrototypeOf(value));
    for (const name of ["name", "stack", "cause", "errors"])
      if (Object.hasOwn(value, name)) quietly(error, name, inner(Reflect.get(value, name)));
    fill(
      error,
      Object.keys(value).filter((name) => !Object.hasOwn(error, name)),
    );
    return error;
  }
  if (value instanceof Map) {
    const map = new Map();
    done.set(value, map);
    for (const [key, each] of value) map.set(inner(key), inner(each));
    return map;
  }
  if (value instanceof Set) {
    const set = new Set();
    done.set(value, set);
    for (const each of value) set.add(inner(each));
    return set;
  }
  if (value instanceof URL) return URL.parse(text(value.href)) ?? text(value.href);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Date || value instanceof RegExp) return value;
  const copy: object = Object.create(Object.getPrototypeOf(value));
  done.set(value, copy);
  fill(copy, Object.keys(value));
  return copy;
}

/** As an error has them: there, but not among its keys. */
function quietly(error: Error, name: string, value: unknown): void {
  Object.defineProperty(error, name, {
    value,
    enumerable: false,
    writable: true,
    configurable: true,
  });
}
