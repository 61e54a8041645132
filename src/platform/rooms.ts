/** Where runs are shown besides where they were asked for, and where people are called. */
import type { Target } from "../core/operation.ts";
import type { Place } from "../core/surface.ts";
import { own } from "./own.ts";
import type { Platform } from "./schema.ts";

/** The rooms of the targets' environments, services and owning teams, each once, in this order. */
export function roomsOf(platform: Platform, targets: readonly Target[]): readonly Place[] {
  const rooms = targets.flatMap((target) => {
    const [environment = "", name = ""] = target.split("/");
    const service = own(platform.services, name);
    const team = service && own(platform.teams, service.owner);
    return [own(platform.environments, environment), service, team].flatMap(
      (one) => one?.rooms ?? [],
    );
  });
  return [...new Set(rooms)].map((room) => {
    const [surface = "", ...channel] = room.split(":");
    return { surface, channel: channel.join(":") };
  });
}

/** All accounts of these people, by surface; with `asked` only those by which they want to be called. */
export function accountsOf(
  platform: Platform,
  people: readonly string[],
  { asked = false }: { readonly asked?: boolean } = {},
): { readonly [surface: string]: readonly string[] } {
  const found: { [surface: string]: string[] } = {};
  for (const id of people) {
    const person = own(platform.people, id);
    for (const [surface, account] of Object.entries(person?.accounts ?? {})) {
      if (asked && (person?.asked ?? surface) !== surface) continue;
      found[surface] = [...(found[surface] ?? []), account];
    }
  }
  return found;
}
