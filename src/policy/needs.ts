/** Whose approval a plan needs. */
import type { Json, Target } from "../core/operation.ts";
import type { Need, Plan } from "../core/plan.ts";
import { refuse } from "../core/refusal.ts";
import { milliseconds } from "../core/time.ts";
import { listed } from "../core/words.ts";
import { whoIsAsked } from "../platform/approval.ts";
import type { Platform } from "../platform/schema.ts";
import { may } from "./may.ts";
import { members, names, place } from "./teams.ts";

export type Draft = Pick<Plan, "requester" | "nodes" | "targets"> & {
  readonly workflow: string;
  readonly input?: Json;
};

/** How long a plan that nobody has to approve stays good, in milliseconds. */
const fourHours = 14_400_000;

/**
 * The needs of a plan by the rules of each environment that it touches; the requester is never among
 * the people. Throws a Refusal where the requester may not change all of it, where it touches what
 * platform.yaml does not know, and where too few people are left to approve it.
 */
export function needs(
  platform: Platform,
  draft: Draft,
): Pick<Plan, "policy" | "needs" | "rule" | "expires"> {
  const targets = touched(draft);
  const ruling = may(platform, { id: draft.requester }, "change", targets);
  if (!ruling.ok) refuse(ruling.says);
  const asked = targets.map((target) => ask(platform, draft, target));
  const wanted = merge(asked.flatMap((a) => a.need ?? []));
  for (const { need, environment } of wanted) enough(platform, need, environment, draft.requester);
  const spans = asked.flatMap((a) => a.expires ?? []);
  return {
    policy: platform.version,
    needs: wanted.map(({ need }) => need),
    rule: [...new Set(asked.map((a) => a.rule))].join("; "),
    expires: spans.length > 0 ? Math.min(...spans) : fourHours,
  };
}

/** What the plan names, and what its operations name, should one have been left out. */
const touched = (draft: Draft): readonly Target[] => [
  ...new Set([...draft.targets, ...draft.nodes.flatMap((node) => node.on)]),
];

interface Asked {
  readonly rule: string;
  readonly need?: { readonly need: Need; readonly environment: string };
  readonly expires?: number;
}

function ask(platform: Platform, draft: Draft, target: Target): Asked {
  const { environment, service } = place(platform, target);
  const { name, entry } = environment;
  if (entry === undefined) return refuse(`There is no environment "${name}" in platform.yaml.`);
  if (entry.approval === undefined) return { rule: `${name} asks nobody` };
  if (isStepBack(draft) && entry.rollback === "pre-approved")
    return { rule: `${name} approves every rollback beforehand` };
  const { from, count, expires } = entry.approval;
  const team = from === "owners" ? service.owner : from;
  if (team === undefined)
    return refuse(
      `${name} asks the owners of "${service.name}", and platform.yaml names none: add it to services there.`,
    );
  const people = members(platform, team).filter((person) => person !== draft.requester);
  return {
    rule: `${name} asks ${whoIsAsked(entry.approval)}`,
    need: { need: { of: team, count, people }, environment: name },
    expires: milliseconds(expires),
  };
}

/** One need a team: the largest count that any of the targets asks. */
function merge(all: readonly NonNullable<Asked["need"]>[]): readonly NonNullable<Asked["need"]>[] {
  const byTeam = new Map<string, NonNullable<Asked["need"]>>();
  for (const one of all) {
    const had = byTeam.get(one.need.of);
    if (had === undefined || had.need.count < one.need.count) byTeam.set(one.need.of, one);
  }
  return [...byTeam.values()];
}

function enough(platform: Platform, need: Need, environment: string, requester: string): void {
  const { of, count, people } = need;
  if (people.length >= count) return;
  const besides = members(platform, of).includes(requester) ? " besides you" : "";
  const there =
    people.length === 0
      ? "there is nobody"
      : `there ${people.length === 1 ? "is" : "are"} only ${listed(names(platform, people))}`;
  refuse(
    `${environment} asks ${count === 1 ? "one" : count} of ${of}${besides}, and ${there}: add somebody to ${of} in platform.yaml.`,
  );
}

/** To the release before, as the platform chooses it. Who names a version asks for a change like any other. */
function isStepBack({ workflow, input }: Draft): boolean {
  const to = typeof input === "object" && input !== null ? Reflect.get(input, "to") : undefined;
  return workflow === "rollback" && to === undefined;
}
