/** One run in full: what its details show beside the card. */
import type { Change, PlanNode } from "../core/plan.ts";
import type { Platform } from "../platform/schema.ts";
import type { Sql } from "../store/database.ts";
import { listEntries } from "../store/journal.ts";
import { listPlans, listVotes, type PlanRow, type Vote } from "../store/plans.ts";
import { type AuditRow, rootsOf, viewAudit, viewNotes, viewRun } from "../store/views.ts";
import { Answered } from "./route.ts";

/** Throws 404 where there is no such run. */
export async function viewDetails(sql: Sql, platform: Platform, name: string): Promise<unknown> {
  const run = await viewRun(sql, name);
  if (run === undefined) throw new Answered(404, `There is no run ${name}.`);
  const plans = await listPlans(sql, run.id);
  const votes = await listVotes(sql, run.id);
  const steps = await listEntries(sql, run.id);
  const audit = await viewAudit(sql, { run: run.id, limit: 200 });
  const notes = await viewNotes(sql, run.id);
  const [root] = await rootsOf(sql, "console", [run.id]);
  const plan = plans.findLast((one) => one.state !== "void") ?? plans.at(-1);
  return {
    ...run,
    root: root ?? null,
    steps: steps.map(({ key, at }) => ({ key, at })),
    plan: plan === undefined ? null : shown(plan),
    plans: plans.map(({ digest, step, state, why, at, decided_at }) => ({
      digest,
      step,
      state,
      why,
      at,
      decided: decided_at,
    })),
    votes: votes.map(({ person, vote, why, digest, surface, at, withdrawn_at }) => ({
      person,
      vote,
      why,
      digest,
      surface,
      at,
      withdrawn: withdrawn_at,
    })),
    timeline: timeline(platform, run, plans, votes, audit, notes),
  };
}

function shown({ step, state, why, at, expires_at, body }: PlanRow) {
  return {
    step,
    state,
    why,
    at,
    expires: expires_at,
    digest: body.digest,
    requester: body.requester,
    needs: body.needs,
    rule: body.rule,
    policy: body.policy,
    targets: body.targets,
    acts: body.nodes.map(act),
  };
}

function act({ place, kind, op, provider, says, on, every, timeout, preview }: PlanNode) {
  const same = "same" in preview;
  const changes: readonly Change[] = same ? [] : preview.changes;
  const undo = same ? [] : preview.undo;
  return {
    place,
    kind,
    op,
    provider,
    says,
    on,
    same,
    changes,
    every: every ?? null,
    timeout: timeout ?? null,
    irreversible:
      "irreversible" in undo ? undo.irreversible : same ? null : (preview.stays ?? null),
  };
}

interface Moment {
  readonly at: number;
  readonly says: string;
  readonly tone: "calm" | "good" | "bad" | "waiting";
  readonly detail?: string;
}

/** What happened, in a person's words and in the order of time. */
function timeline(
  platform: Platform,
  run: {
    readonly by: string;
    readonly at: number;
    readonly ended: number | null;
    readonly state: string;
    readonly says: string;
  },
  plans: readonly PlanRow[],
  votes: readonly Vote[],
  audit: readonly AuditRow[],
  notes: Awaited<ReturnType<typeof viewNotes>>,
): readonly Moment[] {
  const who = (person: string) => platform.people[person]?.name ?? person;
  const moments: Moment[] = [{ at: run.at, says: `${who(run.by)} asked for this`, tone: "calm" }];
  // Within a millisecond the order below decides: a plan, the votes on it, what became of it.
  const cast = new Set<Vote>();
  for (const plan of plans) {
    moments.push({ at: plan.at, says: `Planned as ${plan.digest.slice(0, 8)}`, tone: "calm" });
    for (const vote of votes) {
      if (vote.digest !== plan.digest || cast.has(vote)) continue;
      cast.add(vote);
      moments.push(...voted(vote, who(vote.person)));
    }
    moments.push(...decided(plan));
  }
  for (const row of audit) if (isEffect(row)) moments.push(effect(row, plans));
  for (const { at, drawn } of notes)
    if (drawn !== null) moments.push(moment(at, drawn.title, "calm", drawn.says ?? null));
  if (run.ended !== null) moments.push(ending(run.ended, run.state, run.says));
  return moments.toSorted((a, b) => a.at - b.at);
}

function voted(vote: Vote, name: string): readonly Moment[] {
  const isYes = vote.vote === "yes";
  const says = `${name} ${isYes ? "approved" : "rejected"} ${vote.digest.slice(0, 8)}`;
  const moments = [moment(vote.at, says, isYes ? "good" : "bad", vote.why)];
  if (vote.withdrawn_at !== null)
    moments.push(moment(vote.withdrawn_at, `${name} withdrew that`, "waiting", null));
  return moments;
}

/** What became of a plan, where its votes do not say it already. */
function decided({ state, decided_at: at, digest, why, body }: PlanRow): readonly Moment[] {
  if (at === null) return [];
  if (state === "void")
    return [moment(at, `Plan ${digest.slice(0, 8)} no longer counts`, "waiting", why)];
  if (state === "expired") return [moment(at, "Nobody answered in time", "waiting", why)];
  if (state === "approved" && body.needs.length === 0)
    return [moment(at, "Nobody had to approve", "good", why ?? body.rule)];
  return [];
}

function moment(at: number, says: string, tone: Moment["tone"], detail: string | null): Moment {
  return detail === null || detail === "" ? { at, says, tone } : { at, says, tone, detail };
}

function isEffect(row: AuditRow): boolean {
  return row.did === "carried out" || row.did === "took back";
}

/** What was done, in the words of the plan that allowed it. */
function effect(row: AuditRow, plans: readonly PlanRow[]): Moment {
  const [step, place] = [text(row.detail, "step"), text(row.detail, "place")];
  const nodes = plans.findLast((plan) => plan.step === step)?.body.nodes ?? [];
  const says = nodes.find((node) => node.place === place)?.says ?? text(row.detail, "op");
  const back = row.did === "took back";
  const word = back ? "Took back" : "Done";
  return moment(row.at, says === null ? word : `${word}: ${says}`, back ? "waiting" : "calm", null);
}

function text(detail: unknown, field: string): string | null {
  if (typeof detail !== "object" || detail === null) return null;
  const value: unknown = Reflect.get(detail, field);
  return typeof value === "string" ? value : null;
}

function ending(at: number, state: string, says: string): Moment {
  const good = state === "succeeded" || state === "nothing to do";
  const bad = state === "taken back" || state === "abandoned" || state === "refused";
  const word = state.charAt(0).toUpperCase() + state.slice(1);
  return moment(at, word, good ? "good" : bad ? "bad" : "calm", says);
}
