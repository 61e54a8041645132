/**
 * Runs a workflow's code against its journal: a step that is in the journal answers from it, the first that is not
 * is done and recorded. The code may run any number of times; what it asks for outside happens once.
 *
 * A step's name is unique in its run; a step must be awaited; the code must ask for what the journal has.
 * Breaking one of these is a fault of the code: the run parks with its card.
 */
import { z } from "zod";
import type { Json, Look } from "../core/operation.ts";
import { Refusal } from "../core/refusal.ts";
import type { Step, Workflow } from "../core/workflow.ts";
import { secondsSince } from "../observe/meter.ts";
import { Fenced } from "../store/database.ts";
import { asJson } from "./acts.ts";
import { change } from "./change.ts";
import { type ChangeParts, heedCancel } from "./changing.ts";
import { child } from "./child.ts";
import { Abandoned, tryOrAbandon, tryOrStop } from "./choices.ts";
import { sha256 } from "./digest.ts";
import { Ended, endOf, ends, type Outcome } from "./ends.ts";
import { faultText, steady } from "./faults.ts";
import { gate } from "./gate.ts";
import * as limits from "./limits.ts";
import { Misfit, misfits } from "./misfit.ts";
import { noteOnce } from "./note.ts";
import { keyOf, type Progress, stepOf } from "./progress.ts";
import { asBranch, cancelled, heedUnfit, type UnfitParts, unfit } from "./unfit.ts";
import { waitFor } from "./wait.ts";

export type AnyWorkflow = Workflow<never, unknown>;

export interface ReplayParts extends UnfitParts {
  readonly workflows: ReadonlyMap<string, AnyWorkflow>;
  readonly hashOf: (workflow: AnyWorkflow) => string;
}

/**
 * Undefined: it parked. `left`: the code does not fit the journal, and another process's may. Throws Fenced where the
 * claim was lost, and what the database threw where that was lost.
 */
export async function replay(
  parts: ReplayParts,
  progress: Progress,
): Promise<Outcome | "left" | undefined> {
  const { run } = progress;
  const abandoned = Promise.withResolvers<Outcome>();
  const stopped = Promise.withResolvers<never>();
  stopped.promise.catch(() => {});
  const misfit = Promise.withResolvers<Misfit>();
  const tooMuch = Promise.withResolvers<string>();
  const workflow = parts.workflows.get(run.workflow);
  const leave = ({ message }: Misfit) => {
    const mayStartAgain = workflow?.input.safeParse(run.input).success === true;
    return unfit(parts, progress, { says: message, mayStartAgain }).catch((error: unknown) => {
      if (error instanceof Abandoned) return gaveUp(error.message);
      throw error;
    });
  };
  const steps = stepsOf(parts, progress, {
    abandon: (says) => abandoned.resolve(gaveUp(says)),
    misfit: misfit.resolve,
    stop: (error) => stopped.reject(error),
    tooMuch: tooMuch.resolve,
  });
  const body = async (): Promise<Outcome | "left"> => {
    try {
      if (run.tries > limits.deaths) return await parkFault(progress, endedText(run.tries - 1));
      const before = (await heedUnfit(parts, progress)) ?? (await heedFault(parts, progress));
      if (before) return before;
      if (!workflow) return await leave(new Misfit(misfits.gone(run.workflow)));
      const parsed = workflow.input.safeParse(run.input);
      if (!parsed.success) return await leave(new Misfit(misfits.input(run.workflow)));
      const input = parsed.data as never;
      const output = asJson(await workflow.run(steps.step, input));
      const left = steps.unfinished();
      if (left)
        return parkFault(
          progress,
          `The workflow returned while "${left}" was under way: an await is missing.`,
        );
      await steps.expectAllAsked();
      return succeeded(progress, workflow, input, output);
    } catch (error) {
      if (error instanceof Fenced) throw error;
      if (error instanceof Abandoned) return gaveUp(error.message);
      if (error instanceof Misfit) return leave(error);
      if (error instanceof Refusal) return refused(error);
      return parkFault(progress, `The workflow's code failed: ${faultText(error)}.`);
    }
  };
  const refused = async (refusal: Refusal): Promise<Outcome | "left"> => {
    const end = { end: endOf(refusal), says: refusal.message };
    if (run.cancel) await cancelled(parts, progress, refusal.message, steps.asked);
    else {
      const left = await steps.expectAllAsked().catch((error: unknown) => error);
      if (left instanceof Misfit) return leave(left);
    }
    return { ...end, output: null, next: [] };
  };
  return Promise.race([
    body(),
    abandoned.promise,
    misfit.promise.then(leave),
    tooMuch.promise.then((says) => parkFault(progress, says)),
    stopped.promise,
    progress.broken,
    progress.quiet.then(() => heedIdle(progress)),
  ]);
}

function succeeded(progress: Progress, workflow: AnyWorkflow, input: never, output: Json): Outcome {
  const done = workflow.done?.(input, output as never) ?? `${workflow.title(input)}: done.`;
  const next = workflow.next?.(input, output as never) ?? [];
  const ends = [...progress.keys()].filter((key) => key.endsWith("/end"));
  const nothing =
    ends.length > 0 && ends.every((key) => Nothing.safeParse(progress.get(key)).success);
  return nothing
    ? { end: "nothing to do", says: `Nothing had to change: ${done}`, output, next }
    : { end: "succeeded", says: done, output, next };
}
const Nothing = z.object({ nothing: z.literal(true) });

/** Whoever drove it ended in the middle, each time: nobody knows why, so nobody drives it again unasked. */
function endedText(times: number): string {
  return `Shipmate ended ${times} times in a row while it carried this out. It is not tried again by itself; nothing was lost, and the log says more.`;
}

function gaveUp(says: string): Outcome {
  return { end: "abandoned", says, output: null, next: [] };
}

/**
 * A fault of the code itself. It is in the journal, so that the code is not run again before somebody says so: what it
 * asks for next could depend on how far the run got meanwhile.
 */
async function parkFault(progress: Progress, says: string): Promise<never> {
  progress.branch(1);
  return parkedFault(progress, says, await noteFault(progress, says));
}

/** Gives how often somebody answered about a fault of this run's code before, whether a drive came to heed it or not. */
async function noteFault(progress: Progress, says: string): Promise<number> {
  const { asked: before } = CodeFault.parse(progress.get("code/fault") ?? { says, asked: 0 });
  const asked = progress.presses.has(`code/${before}`) ? before + 1 : before;
  await progress.put([{ key: "code/fault", value: { says, asked, open: true } }], { shows: true });
  return asked;
}

/** Nothing goes on any more: where no step waits for anything either, nothing would ever wake the run. */
async function heedIdle(progress: Progress): Promise<undefined> {
  if (progress.waits.length + progress.wakes.length > 0) return;
  const says = "The workflow waits for something that is no step.";
  void parkedFault(progress, says, await noteFault(progress, says));
}
const CodeFault = z.object({
  says: z.string(),
  asked: z.number(),
  open: z.boolean().default(true),
});

/** What an earlier drive found: parks, gives up, or comes back where the code is to be tried again. A cancel needs no code. */
async function heedFault(parts: ChangeParts, progress: Progress): Promise<Outcome | undefined> {
  if (!progress.has("code/fault")) return undefined;
  const { says, asked, open } = CodeFault.parse(progress.get("code/fault"));
  if (!open) return undefined;
  const pressed = progress.presses.get(`code/${asked}`);
  const { cancel } = progress.run;
  if (!pressed && cancel) return cancelled(parts, progress, `${cancel.name} cancelled this.`);
  if (!pressed) return parkedFault(progress, says, asked);
  if (pressed.button === "abandon") return gaveUp(`${pressed.person.name} gave this up.`);
  const next = { says, asked: asked + 1, open: false };
  await progress.put([{ key: "code/fault", value: next }], { state: "running" });
  return undefined;
}

function parkedFault(progress: Progress, says: string, asked: number): Promise<never> {
  const { buttons } = tryOrAbandon;
  return progress.parkAlone({ kind: "press", step: "", wait: `code/${asked}`, says, buttons });
}

interface Steps {
  readonly step: Step;
  /** The first step that was begun and not awaited. */
  unfinished(): string | undefined;
  /** The steps that the code has asked for so far. */
  readonly asked: ReadonlySet<string>;
  /** Throws a Misfit where the journal has steps that the code does not ask for any more. */
  expectAllAsked(): Promise<void>;
}

type Kind = "look" | "change" | "wait" | "note" | "run";
const marks: { readonly [mark: string]: Kind } = {
  saw: "look",
  shape: "change",
  began: "wait",
  note: "note",
  child: "run",
  end: "change",
};

/** What stands in the journal once a step has come to its result; a child run tells of its own end. */
const results = { look: "saw", change: "end", wait: "out", note: "note" } as const;

function stepsOf(
  parts: ReplayParts,
  progress: Progress,
  out: {
    abandon(says: string): void;
    misfit(misfit: Misfit): void;
    stop(error: unknown): void;
    /** The run goes no further, with the sentence that says why. */
    tooMuch(says: string): void;
  },
): Steps {
  const names = new Set<string>();
  const open = new Set<string>();
  const kinds = journaled(progress);
  const left = () => [...kinds.keys()].find((name) => !names.has(name));
  const looking = gate(limits.looks);
  let notes = 0;
  let asks = 0;
  let stirs = 0;
  /** Whether an earlier drive was refused there: the code may have caught that, and have gone on to other steps. */
  const isRefused = (name: string): boolean =>
    progress.has(keyOf(name, "refused")) || progress.get("cancelled") === name;
  /** Whether a step in flight will come back without waiting for anything: then the code asks for more. */
  const answers = (name: string): boolean => {
    const kind = kinds.get(name);
    if (isRefused(name)) return true;
    if (kind !== "run") return kind !== undefined && progress.has(keyOf(name, results[kind]));
    return !progress.waits.some((wait) => wait.kind === "child" && wait.step === name);
  };
  /** Until every branch of the code has asked for what it has in the journal: what is left then, it asks for no more. */
  const leftAtRest = async (): Promise<string | undefined> => {
    for (let still = 0; still < 2 && left() !== undefined; ) {
      const before = stirs;
      await new Promise(setImmediate);
      const rests = before === stirs && ![...open].some(answers);
      still = rests ? still + 1 : 0;
    }
    return left();
  };
  const ask = async <T>(kind: Kind, name: string, body: () => Promise<T>): Promise<T> => {
    asks += 1;
    if (asks > limits.steps) {
      out.tooMuch(
        `This took ${limits.steps} steps and asks for more: its workflow seems to go on for ever. Nothing was lost.`,
      );
      return new Promise<never>(() => {});
    }
    if (names.has(name)) throw new Error(`two steps are named "${name}"`);
    names.add(name);
    open.add(name);
    stirs += 1;
    progress.branch(1);
    const began = performance.now();
    const isDone = () => kind !== "run" && progress.has(keyOf(name, results[kind]));
    const before = isDone() || isRefused(name);
    try {
      const was = kinds.get(name);
      if (was && was !== kind) throw new Misfit(misfits.kind(name, was, kind));
      // What has its result in the journal answers; anything more is done only in its turn.
      const does = !before && !(was === "run");
      const behind = does && left() !== undefined ? await leftAtRest() : undefined;
      if (behind !== undefined) throw new Misfit(misfits.order(name, behind));
      if (kind === "look" || kind === "wait") return await refusedOnce(progress, name, body);
      return await body();
    } catch (error) {
      if (error instanceof Abandoned) {
        out.abandon(error.message);
        return await new Promise<never>(() => {});
      }
      if (error instanceof Misfit) {
        out.misfit(error);
        progress.branch(-1);
        return await new Promise<never>(() => {});
      }
      if (error instanceof Fenced || progress.signal.aborted) {
        out.stop(error);
        return await new Promise<never>(() => {});
      }
      throw error;
    } finally {
      progress.branch(-1);
      open.delete(name);
      stirs += 1;
      if (kind !== "run" && !before && isDone()) {
        const about = { run: progress.run.id, step: name, kind };
        progress.meter?.({ is: "step", ...about, seconds: secondsSince(began) });
      }
    }
  };
  /** A step that its author forgot to await may refuse as well: that must not end the process. */
  const once = <T>(kind: Kind, name: string, body: () => Promise<T>): Promise<T> => {
    const asked = ask(kind, name, body);
    asked.catch(() => {});
    return asked;
  };
  const step: Step = {
    look: (name, op) =>
      once("look", name, async () => {
        const key = keyOf(name, "saw");
        if (!progress.has(key)) {
          await heedCancel(progress, name);
          const how = { step: name, scope: "look", what: `look at ${op.op}`, choices: tryOrStop };
          const value = await steady(progress, how, () =>
            looking.inside(() =>
              parts.operations.look(op, progress.signal, progress.run.by_person),
            ),
          );
          const asked = { key: keyOf(name, "asked"), value: sha256([op.op, op.input]) };
          const kept = limits.keptWith(progress.get("kept"), value);
          const more = kept === undefined ? [] : [{ key: "kept", value: kept }];
          // Lost, it is looked at again.
          await progress.put([{ key, value }, asked, ...more], { soft: true, later: "moment" });
          return value as never;
        }
        return lookedUp(parts, progress, name, op) as never;
      }),
    change: (name, acts) => once("change", name, () => change(parts, progress, name, acts)),
    wait: (name, wait) => once("wait", name, () => waitFor(parts, progress, name, wait)) as never,
    note: (name, says) => once("note", name, () => noteOnce(progress, name, says, notes++)),
    run: (name, workflow, input) =>
      once("run", name, () =>
        child(parts, progress, name, workflow as unknown as AnyWorkflow, input),
      ) as never,
  };
  return {
    step,
    unfinished: () => [...open][0],
    asked: names,
    async expectAllAsked() {
      if (left() === undefined) return;
      const behind = await asBranch(progress, leftAtRest);
      if (behind !== undefined) throw new Misfit(misfits.end(behind));
    },
  };
}

/** A refusal is a result as well: the code that caught it goes on from there in every drive. */
async function refusedOnce<T>(
  progress: Progress,
  step: string,
  body: () => Promise<T>,
): Promise<T> {
  const key = keyOf(step, "refused");
  if (progress.has(key)) {
    const { end, says } = Told.parse(progress.get(key));
    throw end === "refused" ? new Refusal(says) : new Ended(end, says);
  }
  try {
    return await body();
  } catch (error) {
    if (error instanceof Refusal) {
      const value = { end: endOf(error), says: error.message };
      await progress.put([{ key, value }], { soft: true });
    }
    throw error;
  }
}
const Told = z.object({ end: z.enum(ends), says: z.string() });

/** What an earlier drive saw. */
function lookedUp(parts: ReplayParts, progress: Progress, name: string, op: Look): Json {
  const saw = progress.get(keyOf(name, "saw")) ?? null;
  const asked = progress.get(keyOf(name, "asked"));
  if (asked !== undefined && asked !== sha256([op.op, op.input]))
    throw new Misfit(misfits.look(name));
  if (!parts.operations.fits(op.op, saw)) throw new Misfit(misfits.result(name));
  return saw;
}

/** What each step in the journal is. */
function journaled(progress: Progress): ReadonlyMap<string, Kind> {
  const kinds = new Map<string, Kind>();
  for (const key of progress.keys()) {
    const [, mark, ...more] = key.split("/");
    const kind = mark !== undefined && more.length === 0 ? marks[mark] : undefined;
    if (kind) kinds.set(stepOf(key), kind);
  }
  return kinds;
}
