/** The plan of one change: previewed, stored, and whom it needs asked. */
import type { Plan } from "../core/plan.ts";
import type { Sql } from "../store/database.ts";
import { releaseLocks, toRelease } from "../store/locks.ts";
import { insertCall, insertNote } from "../store/messages.ts";
import { insertPlan, listVotes, type PlanRow, type Vote } from "../store/plans.ts";
import type { Asked, Changing } from "./changing.ts";
import { tryOrStop } from "./choices.ts";
import { deltaOf } from "./delta.ts";
import { short } from "./digest.ts";
import { isExpected, steady } from "./faults.ts";
import { allChanges } from "./plan-card.ts";
import { isEmpty, makePlan, type Planning } from "./planning.ts";
import { stillNeeded } from "./runs.ts";
import { countingVotes, isApproved } from "./votes.ts";

/** The plan that counts now, if the code still asks for the same. */
export function currentPlan(c: Asked): PlanRow | undefined {
  const row = c.progress.plans.get(c.step);
  if (!row || row.state === "void" || row.state === "cancelled") return undefined;
  return c.progress.get(c.key("shape")) === c.acts.shape ? row : undefined;
}

/** A new plan, stored. */
export async function planned(c: Asked): Promise<PlanRow> {
  const before = c.progress.plans.get(c.step);
  const plan = await preview(c, undefined);
  const approvers = before ? await c.progress.reads((sql) => yesNames(c, sql, before)) : [];
  const asked = before?.state === "void" && approvers.length > 0;
  return storePlan(c, plan, asked ? deltaOf(before.body, plan, approvers) : undefined);
}

/** Tried again where it does not work. */
export function preview(c: Asked, before: Plan | undefined): Promise<Plan> {
  const what = "look at what would change";
  const how = { step: c.step, scope: "plan", what, choices: tryOrStop };
  return steady(c.progress, how, () => makePlan(planningOf(c, before)));
}

function planningOf(c: Asked, before: Plan | undefined): Planning {
  const { operations, policy } = c.parts;
  const { run, signal } = c.progress;
  const { workflow, input, by_person: requester } = run;
  return { acts: c.acts, operations, policy, before, signal, workflow, input, requester };
}

/** The second preview, under the locks. Where it does not work they are given back while it is tried again. */
export async function previewLocked(c: Asked, before: Plan): Promise<Plan | undefined> {
  try {
    return await makePlan(planningOf(c, before));
  } catch (error) {
    if (isExpected(error) || c.progress.signal.aborted) throw error;
    const { run } = c.progress;
    const giveBack = async (sql: Sql) => ({ value: await releaseLocks(sql, run.id, c.step) });
    c.parts.ring(await c.progress.transact(giveBack, { before: toGiveBack(c) }));
    await preview(c, before);
    return undefined; // ready() locks anew
  }
}

/** Before targets are given back. */
export const toGiveBack = (c: Changing) => (sql: Sql) => toRelease(sql, c.progress.run.id);

/** Stores a plan in the place of the one before it, and asks whom it needs. `release`: gives the targets back. */
export async function storePlan(
  c: Asked,
  plan: Plan,
  why: string | undefined,
  release = false,
): Promise<PlanRow> {
  const { run } = c.progress;
  // Nobody can have voted on the first plan of a step: what is put is known before anything is read.
  const again = c.progress.plans.has(c.step);
  const put = [{ key: c.key("shape"), value: c.acts.shape }];
  const decided = (votes: readonly Vote[]) => {
    const state = isApproved(plan, c.step, votes) ? ("approved" as const) : ("open" as const);
    const deed = {
      person: run.by_person,
      surface: "engine",
      did: state === "open" ? "asked for approval" : "planned",
      run: run.id,
      digest: plan.digest,
      detail: { step: c.step, rule: plan.rule, targets: plan.targets },
    };
    return { state, puts: { put, audit: isEmpty(plan) ? [] : [deed] } };
  };
  const write = async (sql: Sql) => {
    const [behind, votes] = again
      ? await Promise.all([
          release ? releaseLocks(sql, run.id, c.step) : [],
          listVotes(sql, run.id),
        ])
      : [[], []];
    const { state, puts } = decided(votes);
    const all = allChanges(plan);
    const call = (name: string) =>
      state === "open" && callVoters(c, sql, { name, step: c.step, body: plan, why }, votes);
    const [row] = await Promise.all([
      insertPlan(sql, { run: run.id, step: c.step, body: plan, state, why, again }),
      all && insertNote(sql, run.id, `plan ${short(plan.digest)}`, all),
      !again && call(`vote on ${c.step}`),
    ]);
    if (again) await call(`vote ${row.id}`);
    return { ...puts, value: { row, behind } };
  };
  const before = release ? toGiveBack(c) : undefined;
  const known = !again && { puts: decided([]).puts, atOnce: true };
  // The card shows it with what follows at once: that people are asked, or the begin. Beside other branches it may not.
  const shows = !c.progress.isAlone();
  const stored = await c.progress.transact(write, { soft: true, before, shows, ...known });
  c.parts.ring(stored.behind);
  c.progress.plans.set(c.step, stored.row);
  c.progress.meter?.({ is: "passed", point: "planned" });
  return stored.row;
}

/** Those who can still approve are told in the thread: an edit of the card notifies nobody. */
async function callVoters(
  c: Asked,
  sql: Sql,
  plan: Pick<PlanRow, "step" | "body"> & {
    readonly name: string;
    readonly why: string | undefined;
  },
  votes: readonly Vote[],
): Promise<void> {
  const { id: run, title } = c.progress.run;
  const given = new Set(countingVotes(plan.body, c.step, votes).map((vote) => vote.person));
  const people = plan.body.needs.flatMap((need) => need.people).filter((id) => !given.has(id));
  const accounts = c.parts.accountsOf([...new Set(people)]);
  const says = [plan.why ?? "", stillNeeded(c.parts, plan, votes)].filter(Boolean).join(" ");
  const call = { run, name: plan.name, card: { title, says }, accounts };
  await insertCall(sql, { ...call, isNew: !plan.why });
}

/** Who approved this plan, by name. */
export async function yesNames(c: Asked, sql: Sql, row: PlanRow): Promise<string[]> {
  const votes = await listVotes(sql, row.run);
  return votes
    .filter((v) => v.digest === row.digest && v.vote === "yes" && v.withdrawn_at === null)
    .map((v) => c.parts.nameOf(v.person));
}
