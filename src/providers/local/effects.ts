/** What both effects share: the object in previews, the precondition, and the record by key. */
import type { Json } from "../../core/operation.ts";
import type { Seen } from "../../core/plan.ts";
import { Moved } from "../../core/refusal.ts";
import type { Keeper } from "./keeper.ts";
import type { State } from "./state.ts";

/** Keys that are remembered; an effect is looked for within its run, so that these last for long. */
const keys = 200;

/** The current release, by nothing that changes by itself. */
export function current(state: State): Json {
  const [release] = state.releases;
  return release ? { uid: release.uid, version: release.version } : null;
}

/** Throws Moved where another release has come since. */
export function requireSeen({ name, state }: Keeper, seen: Seen): void {
  const was = seen[name] ?? null;
  const now = current(state());
  if (fits(was, now)) return;
  const runs = versionOf(now);
  throw new Moved(
    runs === undefined
      ? `${name} was removed since this was planned.`
      : `${name} was released as ${runs} since this was planned.`,
  );
}

/** What an effect did under its key, or undefined. */
export function done(state: State, key: string): { readonly url: string | null } | undefined {
  return state.keys.find((one) => one.key === key);
}

export function remembered(state: State, key: string, url: string | null): State["keys"] {
  return [...state.keys, { key, url }].slice(-keys);
}

export function versionOf(seen: Json): string | undefined {
  const version = field(seen, "version");
  return typeof version === "string" ? version : undefined;
}

/** A uid that is null was still to be given when this was planned. */
function fits(was: Json, now: Json): boolean {
  if (was === null || now === null) return was === now;
  const [a, b] = [field(was, "uid"), field(now, "uid")];
  return versionOf(was) === versionOf(now) && (a === null || a === b);
}

function field(of: Json, name: string): unknown {
  return typeof of === "object" && of !== null ? Reflect.get(of, name) : undefined;
}

export const urlOf = (port: number): string => `http://127.0.0.1:${port}`;
