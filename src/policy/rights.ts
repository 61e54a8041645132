/** What somebody may do, in words. */
import type { Target } from "../core/operation.ts";
import type { Person } from "../core/person.ts";
import { listed } from "../core/words.ts";
import type { Platform } from "../platform/schema.ts";
import { may } from "./may.ts";
import { everyone, members } from "./teams.ts";

/** `may change staging and production of web and hello; may approve for payments`, or `may do nothing`. */
export function rights(platform: Platform, person: Pick<Person, "id">): string {
  if (!everyone(platform).includes(person.id)) return "may do nothing";
  const teams = approvesFor(platform, person.id);
  const parts = [
    ...changes(platform, person),
    ...(teams.length > 0 ? [`may approve for ${listed(teams)}`] : []),
  ];
  return parts.length > 0 ? parts.join("; ") : "may look at everything";
}

/** Environments in which the same services may be changed share a sentence. */
function changes(platform: Platform, person: Pick<Person, "id">): readonly string[] {
  const byServices = new Map<string, string[]>();
  for (const environment of Object.keys(platform.environments)) {
    const services = Object.keys(platform.services).filter((service) => {
      const target: Target = `${environment}/${service}`;
      return may(platform, person, "change", [target]).ok;
    });
    const key = listed(services);
    if (key !== "") byServices.set(key, [...(byServices.get(key) ?? []), environment]);
  }
  return [...byServices].map(([services, where]) => `may change ${listed(where)} of ${services}`);
}

/** Teams of the person whose approval some environment asks for. */
function approvesFor(platform: Platform, person: string): readonly string[] {
  const asked = new Set<string>();
  for (const { approval } of Object.values(platform.environments)) {
    if (approval === undefined) continue;
    if (approval.from !== "owners") asked.add(approval.from);
    else for (const { owner } of Object.values(platform.services)) asked.add(owner);
  }
  return [...asked].filter((team) => members(platform, team).includes(person));
}
