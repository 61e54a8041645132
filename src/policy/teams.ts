/** Teams as policy asks for them. */
import type { Target } from "../core/operation.ts";
import { own } from "../platform/own.ts";
import type { Platform } from "../platform/schema.ts";

/** A team's members, none where there is no such team. */
export function members(platform: Platform, team: string): readonly string[] {
  return own(platform.teams, team)?.members ?? [];
}

/** Everybody who is in some team, in the file's order of people. */
export function everyone(platform: Platform): readonly string[] {
  const all = new Set(Object.values(platform.teams).flatMap((team) => team.members));
  return Object.keys(platform.people).filter((person) => all.has(person));
}

/** People by the names that everybody knows them by. */
export function names(platform: Platform, people: readonly string[]): readonly string[] {
  return people.map((person) => own(platform.people, person)?.name ?? person);
}

/** A target's environment and service by name, and what the file says about them. */
export function place(platform: Platform, target: Target) {
  const [environment = "", service = ""] = target.split("/");
  return {
    environment: { name: environment, entry: own(platform.environments, environment) },
    service: { name: service, owner: own(platform.services, service)?.owner },
  };
}
