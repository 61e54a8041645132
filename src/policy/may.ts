/** Who may look at what and change what. What no rule allows is refused. */
import type { Target } from "../core/operation.ts";
import type { Person } from "../core/person.ts";
import { listed } from "../core/words.ts";
import type { Platform } from "../platform/schema.ts";
import { everyone, members, names, place } from "./teams.ts";

/** Yes by which rule, or no in one sentence that says who can. */
export type Ruling =
  | { readonly ok: true; readonly rule: string }
  | { readonly ok: false; readonly says: string };

/** Whether the person may do this to all of the targets. */
export function may(
  platform: Platform,
  person: Pick<Person, "id">,
  act: "look" | "change",
  targets: readonly Target[],
): Ruling {
  const insiders = everyone(platform);
  if (!insiders.includes(person.id))
    return no(`Only people in a team may do this${ask(platform, insiders)}.`);
  if (targets.length === 0 && act === "change")
    return no("This does not say what it changes, so no rule allows it.");
  const rules = new Set<string>();
  for (const target of targets) {
    const ruling = judge(platform, person.id, act, target);
    if (!ruling.ok) return ruling;
    rules.add(ruling.rule);
  }
  return yes([...rules].join("; ") || "everybody in a team may look");
}

function judge(platform: Platform, person: string, act: string, target: Target): Ruling {
  const { environment, service } = place(platform, target);
  if (environment.entry === undefined)
    return no(
      `There is no environment "${environment.name}" in platform.yaml, so nobody may touch it.`,
    );
  if (act === "look") return yes("everybody in a team may look");
  if (environment.entry.change === "everyone")
    return yes(`everybody in a team may change ${environment.name}`);
  if (service.owner === undefined)
    return no(
      `Nobody owns "${service.name}" in platform.yaml, so nobody may change it in ${environment.name}.`,
    );
  const owners = members(platform, service.owner);
  if (!owners.includes(person))
    return no(`Only ${service.owner} may change ${environment.name}${ask(platform, owners)}.`);
  return yes(`${service.owner} may change ${environment.name}`);
}

/** `: ask Ada or Grace`. */
export const ask = (platform: Platform, people: readonly string[]): string =>
  people.length > 0 ? `: ask ${listed(names(platform, people), "or", 5)}` : "";

const yes = (rule: string): Ruling => ({ ok: true, rule });
const no = (says: string): Ruling => ({ ok: false, says });
