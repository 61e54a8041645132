/** Which kinds an API server serves, under which name in a path. */
import { z } from "zod";
import type { Ref } from "../types.ts";
import { NoSuchPath } from "./faults.ts";

export interface Served {
  /** `deployments` */
  readonly plural: string;
  readonly namespaced: boolean;
}

export interface Discovery {
  /** Undefined where it is not served. */
  find(kind: Pick<Ref, "apiVersion" | "kind">, signal: AbortSignal): Promise<Served | undefined>;
}

/**
 * How old an answer may be before it is asked for anew, in milliseconds. What it says is good until the next one is
 * there, since kinds go seldom. A kind that it does not have may have been installed just now.
 */
const good = { found: 60_000, missing: 1_000 };

const Resources = z.looseObject({
  resources: z.array(
    z.looseObject({ name: z.string(), kind: z.string(), namespaced: z.boolean() }),
  ),
});

type Kinds = ReadonlyMap<string, Served>;

interface Answer {
  readonly at: number;
  readonly kinds: Promise<Kinds>;
  is?: Kinds;
  /** The answer before this one, until this one is there. */
  was?: Kinds | undefined;
}

/** Remembers what was asked; `ask` reads a path of the API as JSON. */
export function discovery(
  ask: (path: string) => Promise<unknown>,
  wait: <T>(signal: AbortSignal, promise: Promise<T>) => Promise<T>,
  now: () => number,
): Discovery {
  const known = new Map<string, Answer>();
  const answer = (apiVersion: string, age: number): Answer => {
    const before = known.get(apiVersion);
    if (before && now() - before.at < age) return before;
    const kinds = ask(root(apiVersion)).then(read, nothing);
    const fresh: Answer = { at: now(), kinds, was: before?.is };
    known.set(apiVersion, fresh);
    kinds.then(
      (is) => Object.assign(fresh, { is, was: undefined }),
      () => known.delete(apiVersion),
    );
    return fresh;
  };
  return {
    async find({ apiVersion, kind }, signal) {
      const { was, kinds } = answer(apiVersion, good.found);
      return (
        was?.get(kind) ??
        (await wait(signal, kinds)).get(kind) ??
        (await wait(signal, answer(apiVersion, good.missing).kinds)).get(kind)
      );
    },
  };
}

/** `/api/v1` or `/apis/apps/v1` */
export function root(apiVersion: string): string {
  const parts = apiVersion.split("/").map(segment);
  return parts.length === 1 ? `/api/${parts[0]}` : `/apis/${parts.join("/")}`;
}

/** One part of a path: what the API takes as a name, so that no name reaches another object, or all of them. */
export function segment(name: string): string {
  if (name === "" || name === "." || name === ".." || /[/%\\]/.test(name))
    throw new Error(`"${name}" can't be a name in Kubernetes`);
  return encodeURIComponent(name);
}

function read(answer: unknown): Kinds {
  const { resources } = Resources.parse(answer);
  return new Map(
    resources
      .filter(({ name }) => !name.includes("/")) // that is a subresource
      .map(({ kind, name, namespaced }) => [kind, { plural: name, namespaced }]),
  );
}

function nothing(error: unknown): Kinds {
  if (error instanceof NoSuchPath) return new Map();
  throw error;
}
