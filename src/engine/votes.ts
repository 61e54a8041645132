/** Whether votes meet what a plan needs. */
import type { Plan } from "../core/plan.ts";
import type { Vote } from "../store/plans.ts";

/** Votes that count for a plan: on its digest, not withdrawn, by somebody whom it asks. */
export function countingVotes(plan: Plan, step: string, votes: readonly Vote[]): readonly Vote[] {
  const asked = new Set(plan.needs.flatMap((need) => need.people));
  return votes.filter(
    (vote) =>
      vote.step === step &&
      vote.digest === plan.digest &&
      vote.withdrawn_at === null &&
      asked.has(vote.person),
  );
}

/** Every need is met by enough of its people. A plan that needs nobody is approved by its rule. */
export function isApproved(plan: Plan, step: string, votes: readonly Vote[]): boolean {
  const yes = countingVotes(plan, step, votes).filter((vote) => vote.vote === "yes");
  return plan.needs.every(
    (need) => yes.filter((vote) => need.people.includes(vote.person)).length >= need.count,
  );
}
