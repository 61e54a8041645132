/** Drives one claimed run until it ends or parks, and renews the claim meanwhile. */
import type { Meter } from "../observe/meter.ts";
import { type Claim, keepTries, leaseLength, renewRun } from "../store/claims.ts";
import { type Database, Fenced } from "../store/database.ts";
import { releaseLocks, toRelease } from "../store/locks.ts";
import { copyRoots, insertCall } from "../store/messages.ts";
import { addTargets, targetsOfRun } from "../store/run-lists.ts";
import { endRun, insertRun, ringRuns, type Waits } from "../store/runs.ts";
import type { DriveState } from "../store/snapshot.ts";
import type { Together } from "../store/together.ts";
import { sha256 } from "./digest.ts";
import type { Outcome } from "./ends.ts";
import { hurryOf } from "./hurry.ts";
import { openProgress, type Progress } from "./progress.ts";
import { type ReplayParts, replay } from "./replay.ts";

export interface DriveParts extends ReplayParts {
  readonly database: Database;
  readonly together: Together;
  /** The run's card may have changed. */
  readonly changed: (run: string) => void;
  readonly meter: Meter | undefined;
  /** The claim came to nothing, and this process lives on. */
  readonly lived: (run: string) => void;
}

export interface Driving {
  readonly closing: AbortSignal;
  /** When the claim was asked for, by this process' own clock: it may have slept since. */
  readonly asked: number;
  /** What stood there at the claim, where it was read with it. */
  readonly state?: DriveState | undefined;
}

/** Why what a drive left behind may do nothing more. One for all: each new one would read the stack, at every end. */
const noMore = new Fenced("the run is driven no more by this claim");

/** When the run is due again by itself, or undefined. Stops silently where the claim is lost; throws where the database is. */
export async function drive(
  parts: DriveParts,
  claim: Claim,
  { closing, asked: claimed, state: known }: Driving,
): Promise<number | undefined> {
  parts.meter?.({ is: "passed", point: "claimed" });
  const lost = new AbortController();
  const signal = AbortSignal.any([lost.signal, closing]);
  const giveUp = () => lost.abort(new Fenced(`the claim on run ${claim.id} is lost`));
  let renewed = claimed;
  const renewal = setInterval(() => {
    const asked = performance.now();
    // Where the database is away the lease runs out by itself: by then this driver must have stopped.
    if (asked - renewed > leaseLength) return giveUp();
    renewRun(parts.database, claim.id, claim.epoch).then(
      (still) => {
        if (still) renewed = asked;
        else giveUp();
      },
      () => {},
    );
  }, leaseLength / 5);
  renewal.unref();
  const lasts = () => performance.now() - renewed < leaseLength;
  let over = false;
  let progress: Progress | undefined;
  try {
    if (claim.tries > 1) await keepTries(parts.database, claim.id);
    progress = await openProgress(parts.together, claim, signal, parts.meter, lasts, known);
    const outcome = await replay(parts, progress);
    // From here on nothing that was left behind (a step that nobody awaited) may write or do anything more.
    over = true;
    lost.abort(noMore);
    if (outcome && outcome !== "left") {
      await end(parts, claim, outcome, progress);
      return undefined;
    }
    await progress.settled();
    if (outcome === "left") {
      const { state, waits } = claim;
      const rest = { wake: undefined, state, waits: waits ?? [] };
      await parts.together.park({ run: progress.holds(), ...rest });
      parts.ring([claim.id]);
      return undefined;
    }
    const wake = progress.wakes.length > 0 ? Math.min(...progress.wakes) : undefined;
    const { waits } = progress;
    const state = stateOf(waits, progress);
    parts.meter?.({ is: "passed", point: "before rest" });
    await parts.together.park({ run: progress.holds(), wake, state, waits });
    parts.meter?.({ is: "passed", point: "after rest" });
    return wake;
  } catch (error) {
    // What was done must not be forgotten because this drive stops here.
    await progress?.settled().catch(() => {});
    parts.lived(claim.id);
    const fenced = error instanceof Fenced;
    if (fenced && !closing.aborted) parts.meter?.({ is: "lease lost", run: claim.id });
    if (fenced || (signal.aborted && !over)) return undefined;
    throw error;
  } finally {
    clearInterval(renewal);
    lost.abort(noMore);
    parts.changed(claim.id);
  }
}

/** The word for a parked run: what a person could do comes before what goes on by itself. */
function stateOf(waits: readonly Waits[], progress: Progress): string {
  const has = (kind: Waits["kind"]) => waits.some((wait) => wait.kind === kind);
  const parked = waits.some((wait) => wait.kind === "press" && wait.says !== undefined);
  if (parked) return "parked";
  if (has("approval")) return "waiting";
  const underWay = [...progress.keys()].some((key) => key.endsWith("/begun"));
  if (has("lock")) return "queued";
  if (has("press") || has("time")) return "waiting";
  return has("child") || underWay ? "running" : "planning";
}

async function end(
  parts: DriveParts,
  claim: Claim,
  outcome: Outcome,
  progress: Progress,
): Promise<void> {
  const owed = await progress.owed();
  const again = progress.get("start again");
  const rung = await parts.database.transaction(async (sql, last) => {
    const { end: state, says, output, next: buttons } = outcome;
    const { by_person: person, title } = claim;
    const by = { id: person, name: `run ${claim.number}` };
    const did = `ended: ${state}`;
    const deed = { person, surface: "engine", did, run: claim.id, detail: { says } };
    const { entries } = owed;
    const audit = [...owed.audit, deed];
    // All of it is asked for at once and carried out in this order; where the end is fenced, nothing of it stays.
    const accounts = matters(outcome, progress) ? parts.accountsOf([person]) : {};
    const stood = progress.lines.size > 0;
    if (again === undefined) last();
    const [, children, behind] = await Promise.all([
      stood && toRelease(sql, claim.id),
      endRun(sql, progress.holds(), { state, says, output, buttons, entries, audit, by }),
      stood ? releaseLocks(sql, claim.id, undefined) : [],
      insertCall(sql, {
        ...{ run: claim.id, name: "end", card: { title, says }, accounts },
      }),
      ringRuns(sql, claim.parent ? [claim.parent] : []),
      again === undefined && parts.meter?.({ is: "passed", point: "before end" }),
    ]);
    const rung = [...behind, ...children, ...(claim.parent ? [claim.parent] : [])];
    if (again !== undefined) {
      const next = sha256([claim.id, "again"]).slice(0, 20);
      rung.push(next);
      const workflow = parts.workflows.get(claim.workflow);
      await insertRun(sql, {
        id: next,
        workflow: claim.workflow,
        hash: workflow ? parts.hashOf(workflow) : claim.workflow_hash,
        input: claim.input,
        title: claim.title,
        by: String(again),
        hurry: hurryOf(workflow),
      });
      await addTargets(sql, next, await targetsOfRun(sql, claim.id));
      await copyRoots(sql, claim.id, next);
      await ringRuns(sql, [next]);
      parts.meter?.({ is: "passed", point: "before end" });
    }
    return rung;
  });
  parts.ring(rung);
  const seconds = Math.max(0, progress.now() - claim.created_at) / 1_000;
  const { id: run, workflow } = claim;
  parts.meter?.({ is: "ended", run, workflow, state: outcome.end, seconds });
}

/** Whether whoever asked is called at the end: it waited for others, or it did not come to what was asked for. */
function matters(outcome: Outcome, progress: Progress): boolean {
  const waited = [...progress.plans.values()].some((plan) => plan.body.needs.length > 0);
  if (outcome.end === "cancelled" || outcome.end === "nothing to do") return false;
  return waited || outcome.end !== "succeeded";
}
