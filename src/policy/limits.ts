/** How much a team may do at once. */
import type { Target } from "../core/operation.ts";
import { own } from "../platform/own.ts";
import { Limits, type Platform } from "../platform/schema.ts";
import { place } from "./teams.ts";

/** How many things one account may say in a minute. */
export function maySay(platform: Platform): number {
  return platform.limits?.said ?? Limits.parse({}).said;
}

/** The teams that own what is changed and that may change only so much at once. */
export function limits(
  platform: Platform,
  targets: readonly Target[],
): readonly { readonly name: string; readonly most: number }[] {
  const owners = targets.flatMap((target) => place(platform, target).service.owner ?? []);
  return [...new Set(owners)].sort().flatMap((name) => {
    const most = own(platform.teams, name)?.at_once;
    return most === undefined ? [] : [{ name, most }];
  });
}
