/** The card of a run: a projection of its state, never written by hand. Pure. */
import { z } from "zod";
import type { Card, Say, Tone } from "../core/card.ts";
import { listed } from "../core/words.ts";
import type { PlanRow } from "../store/plans.ts";
import type { Run, Waits } from "../store/runs.ts";
import type { Snapshot } from "../store/snapshot.ts";
import { Did } from "./changing.ts";
import { short } from "./digest.ts";
import { changesOf } from "./plan-card.ts";
import { isEmpty } from "./planning.ts";
import { keyOf } from "./progress.ts";
import { stillNeeded } from "./runs.ts";
import { countingVotes } from "./votes.ts";
import { sentence, spanText, targetText } from "./words.ts";

type NameOf = (person: string) => string;

export function runCard(shot: Snapshot, nameOf: NameOf): Card {
  const { run } = shot;
  const plan = shot.plans.find((row) => row.state !== "cancelled");
  const saw = sawOf(shot);
  const progress = progressOf(run, saw);
  const failed = run.ended_at !== null && run.state !== "succeeded";
  const code = failed || isStuck(run, saw) ? logOf(saw) : undefined;
  const links = linksOf(run, saw);
  return {
    title: run.title,
    state: stateOf(shot, plan, saw),
    says: saysOf(shot, plan, saw, nameOf),
    ...(plan && !isEmpty(plan.body) && { changes: changesOf(plan.body) }),
    fields: peopleOf(shot, plan, nameOf),
    ...(progress && { progress }),
    ...(code && { code }),
    ...(links.length > 0 && { links }),
    facts: factsOf(shot, plan),
    buttons: buttonsOf(shot, plan, saw),
  };
}

const states: { readonly [state: string]: { readonly tone: Tone; readonly word: string } } = {
  planning: { tone: "busy", word: "Planning" },
  waiting: { tone: "waiting", word: "Waiting" },
  queued: { tone: "waiting", word: "Queued" },
  running: { tone: "busy", word: "Running" },
  parked: { tone: "bad", word: "Parked" },
  succeeded: { tone: "good", word: "Succeeded" },
  "nothing to do": { tone: "good", word: "Nothing to do" },
  refused: { tone: "bad", word: "Refused" },
  rejected: { tone: "bad", word: "Rejected" },
  expired: { tone: "calm", word: "Expired" },
  cancelled: { tone: "calm", word: "Cancelled" },
  "taken back": { tone: "bad", word: "Taken back" },
  abandoned: { tone: "bad", word: "Abandoned" },
};

function stateOf(
  shot: Snapshot,
  plan: PlanRow | undefined,
  saw: Saw | undefined,
): NonNullable<Card["state"]> {
  const { run } = shot;
  if (run.state === "running" && undoingOf(shot) !== undefined)
    return { tone: "busy", word: "Taking back" };
  if (run.state === "waiting" && plan?.state === "open")
    return { tone: "waiting", word: plan.why ? "Waiting again" : "Waiting for approval" };
  if (isBeginning(run, plan)) return { tone: "busy", word: "Approved" };
  if (isStuck(run, saw)) return { tone: "bad", word: "Stuck" };
  return states[run.state] ?? { tone: "calm", word: run.state };
}

function saysOf(
  shot: Snapshot,
  plan: PlanRow | undefined,
  saw: Saw | undefined,
  nameOf: NameOf,
): string {
  const { run, now } = shot;
  if (run.ended_at !== null) {
    const took =
      run.state === "succeeded" ? ` Took ${spanText(run.ended_at - begunAt(shot))}.` : "";
    return `${run.says}${took}`;
  }
  const waits = run.waits ?? [];
  const told = waits.find((wait) => wait.says !== undefined)?.says;
  if (run.cancel) return `${run.cancel.name} cancelled this. Taking back what was done.`;
  if (told !== undefined) return told;
  if (run.state === "queued") return queueText(shot, now, nameOf);
  if (run.state === "waiting" && plan?.state === "open")
    return [plan.why ?? "", stillNeeded({ nameOf }, plan, shot.votes)].filter(Boolean).join(" ");
  if (isBeginning(run, plan)) return "Looking once more that nothing changed.";
  if (run.state === "waiting") return waitText(waits, now);
  const undoing = run.state === "running" ? undoingOf(shot) : undefined;
  if (undoing !== undefined) return `${undoing} Taking it back.`;
  if (run.state === "running") return saw?.says ?? "Under way.";
  return "Looking at what would change.";
}

/** The votes are in, and the run has not gone on yet. */
function isBeginning(run: Run, plan: PlanRow | undefined): boolean {
  return (
    run.state === "waiting" &&
    plan?.state === "approved" &&
    (run.waits ?? []).some((wait) => wait.kind === "approval")
  );
}

/** What is waited for does not get better by itself; it has not failed for good yet. */
function isStuck(run: Run, saw: Saw | undefined): boolean {
  return run.state === "running" && saw?.stuck === true && !run.cancel;
}

function queueText(shot: Snapshot, now: number, nameOf: NameOf): string {
  const wait = shot.run.waits?.find((one) => one.kind === "lock");
  const { holder } = shot;
  if (!wait || !holder) return "Waiting until the target is free.";
  const target = shot.plans[0]?.body.targets[0];
  const what = target ? targetText(target) : whereText(shot.run);
  const since = wait.since === undefined ? "" : `, ${spanText(now - wait.since)}`;
  const busy = `${what} is busy with run ${holder.number} (${nameOf(holder.by_person)}, ${holder.workflow}${since}).`;
  const ahead = wait.ahead ?? 0;
  return `${busy} ${ahead === 0 ? "This is next." : `${ahead} more before this one.`}`;
}

/** While a run stands in line it has no plan yet: what it is about stands in its input. */
function whereText(run: Run): string {
  const where = Where.safeParse(run.input);
  return where.success ? `${where.data.service} in ${where.data.environment}` : "The target";
}

function waitText(waits: readonly Waits[], now: number): string {
  const until = waits.find((wait) => wait.until !== undefined)?.until;
  return until === undefined
    ? "Waiting for somebody to choose."
    : `Waiting; goes on by itself in ${spanText(until - now)}.`;
}

function peopleOf(shot: Snapshot, plan: PlanRow | undefined, nameOf: NameOf): Card["fields"] & {} {
  const yes = plan
    ? countingVotes(plan.body, plan.step, shot.votes).filter((vote) => vote.vote === "yes")
    : [];
  const names = yes.map((vote) =>
    vote.surface === "test"
      ? nameOf(vote.person)
      : `${nameOf(vote.person)} (${sentence(vote.surface)})`,
  );
  const nobody = plan && plan.body.needs.length === 0 && !isEmpty(plan.body);
  return {
    "Asked by": nameOf(shot.run.by_person),
    ...(names.length > 0 && { "Approved by": listed(names) }),
    ...(nobody && { Approval: `not needed: ${plan.body.rule}` }),
  };
}

function factsOf(shot: Snapshot, plan: PlanRow | undefined): string[] {
  const { run, now } = shot;
  const took = spanText((run.ended_at ?? now) - run.created_at);
  const expires = plan?.state === "open" && plan.expires_at ? plan.expires_at - now : undefined;
  return [
    `run ${run.number}`,
    ...(plan && !isEmpty(plan.body) ? [`plan ${short(plan.digest)}`] : []),
    ...(run.ended_at !== null ? [took] : []),
    ...(expires !== undefined ? [`expires in ${spanText(expires)}`] : []),
  ];
}

function buttonsOf(shot: Snapshot, plan: PlanRow | undefined, saw: Saw | undefined): Say[] {
  const { run } = shot;
  const number = String(run.number);
  const logs = logsButton(run);
  const cancel: Say = {
    label: isStuck(run, saw) ? "Take back" : "Cancel",
    command: "cancel",
    args: { run: number },
    ...(run.state === "running" && { confirm: "Stop this and take back what was done?" }),
  };
  if (run.ended_at !== null) {
    const again: Say = { label: "Retry", command: "retry", args: { run: number } };
    const good = run.state === "succeeded" || run.state === "nothing to do";
    if (good) return (run.next ?? []).slice(0, 3);
    const hasBegun = [...shot.journal.keys()].some((key) => key.endsWith("/begun"));
    return hasBegun ? [again, ...logs] : [again];
  }
  const choices = (run.waits ?? []).flatMap((wait) => wait.buttons ?? []);
  if (choices.length > 0) {
    return choices.map((choice, i) => ({
      label: choice.label,
      command: "press",
      args: { run: number, button: choice.name },
      ...(i === 0 && !choice.danger && { primary: true }),
      ...(choice.danger && { confirm: `${choice.label}: ${run.title}?` }),
    }));
  }
  if (run.state === "waiting" && plan?.state === "open") {
    const args = { run: number, digest: short(plan.digest) };
    const people = [...new Set(plan.body.needs.flatMap((need) => need.people))];
    return [
      { label: "Approve", command: "approve", args, primary: true, for: people },
      { label: "Reject", command: "reject", args, for: people },
      { label: "Why", command: "why", args: { run: number } },
    ];
  }
  if (run.state === "queued" && !run.cancel) return [cancel, ...holderButtons(shot)];
  if (run.cancel || (run.state === "running" && undoingOf(shot) !== undefined)) return logs;
  return [...(run.state === "running" ? logs : []), cancel];
}

/** For who waits: what the one before does; and who is in a hurry may stop it. */
function holderButtons({ run, holder }: Snapshot): Say[] {
  if (!holder) return [];
  const args = { run: String(holder.number) };
  const look: Say = { label: `Look at run ${holder.number}`, command: "why", args };
  const confirm = `Stop ${holder.title} and take back what it did?`;
  const stop: Say = { label: `Stop run ${holder.number}`, command: "cancel", args, confirm };
  return run.hurry > 0 ? [look, stop] : [look];
}

/** Why the change under way is being taken back, where it is. */
function undoingOf(shot: Snapshot): string | undefined {
  const step = shot.plans[0]?.step;
  if (step === undefined || shot.journal.has(keyOf(step, "end"))) return undefined;
  const undoing = Told.safeParse(shot.journal.get(keyOf(step, "undoing")));
  return undoing.data?.says;
}

const Told = z.object({ says: z.string() });

const Where = z.looseObject({ service: z.string(), environment: z.string() });

function logsButton(run: Run): Say[] {
  const where = Where.safeParse(run.input);
  if (!where.success) return [];
  const { service, environment } = where.data;
  return [{ label: "Logs", command: "logs", args: { service, environment } }];
}

const Saw = z.looseObject({
  says: z.string(),
  stuck: z.boolean().optional(),
  ready: z.number().optional(),
  of: z.number().optional(),
  url: z.string().nullable().optional(),
  log: z.array(z.string()).optional(),
});
type Saw = z.output<typeof Saw>;

/** What the wait that is under way saw last; else what the last one ended with. */
function sawOf(shot: Snapshot): Saw | undefined {
  const step = shot.plans[0]?.step;
  const plan = shot.plans[0]?.body;
  if (step === undefined || !plan) return undefined;
  const prefix = `${step.replaceAll("%", "%25").replaceAll("/", "%2F")}/`;
  const read = (place: string, mark: string): Saw | undefined => {
    const value = shot.journal.get(`${prefix}${place}/${mark}`);
    const result = mark === "did" ? Did.safeParse(value).data?.result : value;
    return Saw.safeParse(result).data;
  };
  const untils = plan.nodes.filter((node) => node.kind === "until").map((node) => node.place);
  const going = untils.map((place) => read(place, "did") ?? read(place, "saw"));
  return going.findLast((saw) => saw !== undefined);
}

function progressOf(run: Run, saw: Saw | undefined): Card["progress"] {
  if (run.state !== "running" || saw?.of === undefined || saw.ready === undefined) return undefined;
  return { done: saw.ready, of: saw.of };
}

function logOf(saw: Saw | undefined): Card["code"] {
  return saw?.log?.length ? { text: saw.log.join("\n"), language: "log" } : undefined;
}

function linksOf(run: Run, saw: Saw | undefined): NonNullable<Card["links"]> {
  if (run.state !== "succeeded" || !saw?.url || !/^https?:\/\//.test(saw.url)) return [];
  return [{ label: saw.url, url: saw.url }];
}

/** When it went ahead after whatever votes it waited for; else when it was asked for. */
function begunAt(shot: Snapshot): number {
  const decided = shot.plans.map((plan) => plan.decided_at ?? 0);
  return Math.max(shot.run.created_at, ...decided);
}
