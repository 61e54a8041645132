/** Who may vote on a plan. Asked again for every single vote. */
import type { Person } from "../core/person.ts";
import type { Plan } from "../core/plan.ts";
import { listed } from "../core/words.ts";
import type { Platform } from "../platform/schema.ts";
import { ask, type Ruling } from "./may.ts";
import { members } from "./teams.ts";

/** Whether this person's approval (or rejection, which the same people may say) counts for this plan now. */
export function mayVote(
  platform: Platform,
  person: Pick<Person, "id">,
  plan: Pick<Plan, "requester" | "needs">,
  vote: "yes" | "no" = "yes",
): Ruling {
  const verb = vote === "yes" ? "approve" : "reject";
  if (plan.needs.length === 0) return no("Nobody has to approve this.");
  const still = plan.needs.map(({ of, people }) => ({
    of,
    people: people.filter((one) => members(platform, of).includes(one)),
  }));
  const others = [...new Set(still.flatMap(({ people }) => people))];
  if (plan.requester === person.id)
    return no(
      vote === "yes"
        ? `You asked for this, so somebody else has to approve it${ask(platform, others)}.`
        : "You asked for this, so you can't reject it: cancel it instead.",
    );
  const by = still.find(({ people }) => people.includes(person.id));
  if (by === undefined)
    return no(
      `Only ${listed(still.map(({ of }) => of))} may ${verb} this${ask(platform, others)}.`,
    );
  return { ok: true, rule: `${by.of} may ${verb}` };
}

const no = (says: string): Ruling => ({ ok: false, says });
