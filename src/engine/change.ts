/**
 * One change: plan, ask, lock, look again, carry out, or take back.
 *
 * 1. While somebody else holds a target this run stands in line and has no plan: nobody votes on what is about to be old.
 * 2. The plan is made of previews and stored; where policy asks for votes, the run parks until the plan is decided.
 * 3. With the targets locked everything is previewed again. The same digest: begin. Another: votes are void, ask again.
 * 4. From `begun` on only what the plan holds is done (carry.ts), and a refusal takes it back (undo.ts).
 */
import { z } from "zod";
import type { Act } from "../core/operation.ts";
import type { Plan } from "../core/plan.ts";
import { Moved, Refusal } from "../core/refusal.ts";
import { listed } from "../core/words.ts";
import type { Done } from "../core/workflow.ts";
import type { Sql } from "../store/database.ts";
import {
  releaseLocks,
  type Taken,
  takeFree,
  takeLocks,
  toRelease,
  toTake,
} from "../store/locks.ts";
import { insertCall, insertNote } from "../store/messages.ts";
import {
  decidePlan,
  insertPlan,
  listVotes,
  type PlanRow,
  type Vote,
  voidOthers,
  voidPlans,
} from "../store/plans.ts";
import { placeActs } from "./acts.ts";
import { carryOut, intentAfter } from "./carry.ts";
import {
  type Asked,
  Begun,
  type ChangeParts,
  type Changing,
  changing,
  heedCancel,
  Undoing,
} from "./changing.ts";
import { tryOrStop } from "./choices.ts";
import { deltaOf } from "./delta.ts";
import { short } from "./digest.ts";
import { Ended, endOf, ends } from "./ends.ts";
import { isExpected, steady } from "./faults.ts";
import { acts as most } from "./limits.ts";
import { awaitRoom, standInLine } from "./line.ts";
import { Misfit, misfits } from "./misfit.ts";
import { allChanges } from "./plan-card.ts";
import { isEmpty, makePlan, type Planning, targetsOf } from "./planning.ts";
import type { Progress } from "./progress.ts";
import { stillNeeded } from "./runs.ts";
import { doneOf, takeBack, tookBack } from "./undo.ts";
import { countingVotes, isApproved } from "./votes.ts";
import { spanText } from "./words.ts";

const EndRow = z.object({
  at: z.number(),
  ok: z.boolean(),
  end: z.enum(ends).optional(),
  says: z.string().default(""),
  nothing: z.boolean().default(false),
});

/** Comes back when the change is done; throws a Refusal where it was not, or was taken back. */
export async function change(
  parts: ChangeParts,
  progress: Progress,
  step: string,
  list: readonly Act[],
): Promise<Done> {
  const c: Asked = { ...changing(parts, progress, step), list, acts: placeActs(step, list) };
  const { length } = c.acts.placed;
  if (length > most) throw new Error(`"${step}" has ${length} operations, and may have ${most}`);
  for (;;) {
    if (progress.has(c.key("end"))) return finished(c);
    if (!progress.has(c.key("begun"))) {
      await ready(c);
      continue;
    }
    const begun = Begun.parse(progress.get(c.key("begun")));
    if (begun.shape !== c.acts.shape && !progress.has(c.key("undoing")))
      throw new Misfit(misfits.acts(step));
    if (!progress.has(c.key("undoing"))) {
      try {
        await carryOut(c, list, "");
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        if (error instanceof Moved && !anythingDone(c)) {
          await startOver(c);
          continue;
        }
        const undoing = { says: error.message, end: endOf(error) };
        await progress.put([{ key: c.key("undoing"), value: undoing }], { shows: true });
      }
    }
    await endChange(c);
  }
}

function finished(c: Asked): Done {
  const end = EndRow.parse(c.progress.get(c.key("end")));
  if (!end.ok) throw new Ended(end.end ?? "refused", end.says);
  expectFit(c);
  return doneOf(c, end.at);
}

/** What was done is what the code asks for, and its results are still what the code may rely on. */
function expectFit(c: Asked): void {
  if (c.progress.get(c.key("shape")) !== c.acts.shape) throw new Misfit(misfits.acts(c.step));
  for (const { place, act } of c.acts.placed) {
    const op = act.kind === "until" ? act.look.op : act.op;
    const result = c.result(place);
    if (result !== undefined && !c.parts.operations.fits(op, result))
      throw new Misfit(misfits.result(c.step));
  }
}

/** Takes the change to `begun`, or to its end where nothing would change or somebody said no. */
async function ready(c: Asked): Promise<void> {
  try {
    await heedCancel(c.progress, c.step);
    const approved = current(c);
    if (approved?.state === "approved" && (await beginFree(c, approved))) return;
    const targets = targetsOf(c.acts, c.parts.operations);
    await standInLine(c, targets);
    const row = current(c) ?? (await planned(c));
    if (isEmpty(row.body)) return await close(c, { ok: true, nothing: true });
    if (row.state === "open") await awaitVotes(c, row);
    if (row.state === "rejected") throw new Ended("rejected", row.why ?? "Somebody rejected this.");
    if (row.state === "expired") throw new Ended("expired", row.why ?? "Nobody answered in time.");
    await begin(c, row);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const end = endOf(error);
    const says = end === "cancelled" ? takenBackText(c, error.message, false) : error.message;
    await close(c, { ok: false, end, says });
  }
}

/** The plan that counts now, if the code still asks for the same. */
function current(c: Asked): PlanRow | undefined {
  const row = c.progress.plans.get(c.step);
  if (!row || row.state === "void" || row.state === "cancelled") return undefined;
  return c.progress.get(c.key("shape")) === c.acts.shape ? row : undefined;
}

async function planned(c: Asked): Promise<PlanRow> {
  const before = c.progress.plans.get(c.step);
  const plan = await preview(c, undefined);
  const approvers = before ? await c.progress.reads((sql) => yesNames(c, sql, before)) : [];
  const asked = before?.state === "void" && approvers.length > 0;
  return store(c, plan, asked ? deltaOf(before.body, plan, approvers) : undefined);
}

function preview(c: Asked, before: Plan | undefined): Promise<Plan> {
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
async function previewLocked(c: Asked, before: Plan): Promise<Plan | undefined> {
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

const toGiveBack = (c: Changing) => (sql: Sql) => toRelease(sql, c.progress.run.id);

async function store(
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
  // The card shows it with what follows at once: that people are asked, or the begin.
  const stored = await c.progress.transact(write, { soft: true, before, shows: false, ...known });
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

/** Parks until the plan is decided or its time is over. */
async function awaitVotes(c: Asked, row: PlanRow): Promise<void> {
  const expires = row.expires_at ?? Number.POSITIVE_INFINITY;
  if (c.progress.now() < expires) {
    const wait = { kind: "approval", step: c.step, until: expires, since: row.at } as const;
    await c.progress.park(wait, expires);
  }
  const says = `Nobody answered in ${spanText(expires - row.at)}. Nothing changed.`;
  const expired = await c.progress.transact(async (sql) => ({
    value: await decidePlan(sql, row.id, "expired", says),
  }));
  if (expired) throw new Ended("expired", says);
  await c.progress.park(undefined, c.progress.now()); // somebody decided in this very moment: look again
}

/** Begins where nobody else holds the targets or waits for them, which is nearly always so: then no line is looked at. */
async function beginFree(c: Asked, row: PlanRow): Promise<boolean> {
  const isLimited = c.parts.limits(row.body.targets).length > 0 && c.progress.run.hurry <= 0;
  if (isLimited || isEmpty(row.body)) return false;
  const { is } = await lock(c, row.body.targets, takeFree, true);
  if (is === "taken") await beginLocked(c, row);
  return is === "taken";
}

/** Locks, looks again, and begins where everything is still as it was approved. */
async function begin(c: Asked, row: PlanRow): Promise<void> {
  const locked = await lock(c, row.body.targets, takeLocks, false);
  if (locked.is === "full") await awaitRoom(c, locked.limit, locked.ahead);
  if (locked.is === "taken") await beginLocked(c, row);
  // Else ready() stands in line next.
}

/** The locks don't need the disk: the first intent does, which is recorded with the begin, and makes them durable. */
function lock(
  c: Asked,
  targets: Plan["targets"],
  take: typeof takeLocks,
  atOnce: boolean,
): Promise<Taken> {
  const { run } = c.progress;
  const who = { run: run.id, step: c.step, hurry: run.hurry };
  const limits = c.parts.limits(targets);
  const body = async (sql: Sql) => ({ value: await take(sql, who, targets, limits) });
  const before = (sql: Sql) => toTake(sql, targets, limits);
  c.progress.lines.add(c.step);
  return c.progress.transact(body, { soft: true, before, atOnce });
}

async function beginLocked(c: Asked, row: PlanRow): Promise<void> {
  const { run } = c.progress;
  const plan = row.body;
  const again = await previewLocked(c, plan);
  if (!again) return;
  if (again.digest !== plan.digest) {
    const names = await c.progress.reads((sql) => yesNames(c, sql, row));
    const asked = plan.needs.length > 0;
    await store(c, again, asked ? deltaOf(plan, again, names) : undefined, true);
    return;
  }
  const first = intentAfter(c, c.list[0], "0");
  const why = `run ${run.number} went ahead on the same target`;
  const goAhead = async (sql: Sql) => ({
    value: await voidOthers(sql, run.id, plan.targets, why),
  });
  const deed = {
    person: run.by_person,
    surface: "engine",
    did: "began",
    run: run.id,
    digest: plan.digest,
    detail: { step: c.step, rule: plan.rule },
  };
  const begun = { key: c.key("begun"), value: { plan: row.id, shape: c.acts.shape } };
  const put = first ? [begun, first] : [begun];
  const puts = { put, intent: first?.key, audit: [deed], state: "running" };
  if (first) c.progress.meter?.({ is: "passed", point: "before intent", back: false });
  const how = { soft: first === undefined, puts, atOnce: true };
  c.parts.ring(await c.progress.transact(goAhead, how));
  c.progress.meter?.({ is: "passed", point: "begun" });
}

/** A precondition broke before the first effect: the plan is made again and asked for again. */
async function startOver(c: Asked): Promise<void> {
  const { run } = c.progress;
  const mine = c.key("");
  const keep = new Set([c.key("shape"), c.key("plan", "fault")]);
  const gone = [...c.progress.keys()].filter((key) => key.startsWith(mine) && !keep.has(key));
  const before = c.plan();
  const row = c.progress.plans.get(c.step);
  const again = await preview(c, undefined);
  const names = row ? await c.progress.reads((sql) => yesNames(c, sql, row)) : [];
  const release = async (sql: Sql) => {
    const behind = await releaseLocks(sql, run.id, c.step);
    return { gone, state: "planning", value: behind };
  };
  c.parts.ring(await c.progress.transact(release, { before: toGiveBack(c) }));
  await store(c, again, before.needs.length > 0 ? deltaOf(before, again, names) : undefined);
}

/** Takes back what has to be, gives the locks back and writes the end. */
export async function endChange(c: Changing): Promise<void> {
  if (!c.progress.has(c.key("undoing"))) return close(c, { ok: true });
  const undoing = Undoing.parse(c.progress.get(c.key("undoing")));
  const touched = anyIntent(c);
  await takeBack(c, "");
  const end = touched && undoing.end === "refused" ? "taken back" : undoing.end;
  await close(c, { ok: false, end, says: takenBackText(c, undoing.says, touched) });
}

async function close(
  c: Changing,
  end: { ok: boolean; end?: z.output<typeof EndRow>["end"]; says?: string; nothing?: boolean },
): Promise<void> {
  const { run } = c.progress;
  const stood = c.progress.lines.has(c.step);
  let behind: readonly string[] = [];
  const body = async (sql: Sql) => {
    const counts = !end.ok && !c.progress.has(c.key("begun"));
    [behind] = await Promise.all([
      stood ? releaseLocks(sql, run.id, c.step) : [],
      counts && voidPlans(sql, run.id, c.step, end.says ?? ""),
    ]);
  };
  const entries = [{ key: c.key("end"), value: { ...end, at: c.progress.now() } }];
  // Lost, it is done once more: what it tells of is on the disk.
  const how = { soft: true, before: stood ? toGiveBack(c) : undefined, atOnce: true };
  const after = () => {
    c.parts.ring(behind);
    c.progress.lines.delete(c.step);
  };
  if (end.ok) return c.progress.close({ entries, body, how, after });
  const write = async (sql: Sql) => ({ value: await body(sql) });
  await c.progress.transact(write, { ...how, puts: { put: entries } });
  after();
}

/** Whether any effect was really carried out: what needed no change does not count. */
function anythingDone(c: Asked): boolean {
  return c.acts.placed.some(
    ({ place, act }) =>
      act.kind === "effect" &&
      c.progress.has(c.key(place, "intent")) &&
      c.progress.has(c.key(place, "did")),
  );
}

function anyIntent(c: Changing): boolean {
  return c.plan().nodes.some(({ place }) => c.progress.has(c.key(place, "intent")));
}

function takenBackText(c: Changing, says: string, touched: boolean): string {
  if (!touched) return /nothing changed\.$/i.test(says) ? says : `${says} Nothing changed.`;
  const { again, stays } = tookBack(c);
  const back =
    again.length > 0
      ? `${says.replace(/\.$/, "")}, so ${listed(again)}.`
      : `${says} What was done is taken back.`;
  return [back, ...stays.map((what) => `What stays: ${what}.`)].join(" ");
}

async function yesNames(c: Asked, sql: Sql, row: PlanRow): Promise<string[]> {
  const votes = await listVotes(sql, row.run);
  return votes
    .filter((v) => v.digest === row.digest && v.vote === "yes" && v.withdrawn_at === null)
    .map((v) => c.parts.nameOf(v.person));
}
