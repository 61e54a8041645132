/** Where runs are shown besides where they were asked for. */
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
