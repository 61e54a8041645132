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
import { releaseLocks, type Taken, takeFree, takeLocks, toTake } from "../store/locks.ts";
import { decidePlan, type PlanRow, voidOthers, voidPlans } from "../store/plans.ts";
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
import { deltaOf } from "./delta.ts";
import { Ended, endOf, ends } from "./ends.ts";
import { acts as most } from "./limits.ts";
import { awaitRoom, standInLine } from "./line.ts";
import { Misfit, misfits } from "./misfit.ts";
import {
  currentPlan,
  planned,
  preview,
  previewLocked,
  storePlan,
  toGiveBack,
  yesNames,
} from "./planned.ts";
import { isEmpty, targetsOf } from "./planning.ts";
import type { Progress } from "./progress.ts";
import { doneOf, takeBack, tookBack } from "./undo.ts";
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
    const approved = currentPlan(c);
    if (approved?.state === "approved" && (await beginFree(c, approved))) return;
    const targets = targetsOf(c.acts, c.parts.operations);
    await standInLine(c, targets);
    const row = currentPlan(c) ?? (await planned(c));
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
    await storePlan(c, again, asked ? deltaOf(plan, again, names) : undefined, true);
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
  await storePlan(c, again, before.needs.length > 0 ? deltaOf(before, again, names) : undefined);
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
