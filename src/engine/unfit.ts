/**
 * What becomes of a run whose journal the code no longer fits. Nothing is guessed:
 *
 * 1. While a process lives whose code may still fit, the run is left to it.
 * 2. Where none does, the run parks with its card, and a person decides. A process with fitting code that comes later
 *    (the upgrade is taken back, or mended) takes it up by itself.
 * 3. The buttons need no workflow code: plan and journal are data. So any process may carry them out.
 */
import { z } from "zod";
import { listed } from "../core/words.ts";
import { leaveToOthers } from "../store/replicas.ts";
import type { Waits } from "../store/runs.ts";
import { endChange } from "./change.ts";
import { type ChangeParts, changing, Undoing } from "./changing.ts";
import { Abandoned, misfit as buttons } from "./choices.ts";
import type { Outcome } from "./ends.ts";
import { keyOf, type Progress, stepOf } from "./progress.ts";
import { settleBegun } from "./undo.ts";

export interface UnfitParts extends ChangeParts {
  /** The hash of this process's workflows. */
  readonly code: string;
}

const wait = "code/misfit";

/** What the pressed button came to; undefined: none was pressed. Call it before any code. */
export async function heedUnfit(
  parts: ChangeParts,
  progress: Progress,
): Promise<Outcome | undefined> {
  const pressed = progress.presses.get(wait);
  if (!pressed) return undefined;
  const { id, name } = pressed.person;
  if (pressed.button === "abandon") {
    await asBranch(progress, async () => {
      for (const step of openChanges(progress))
        await settleBegun(changing(parts, progress, step), "");
    });
    throw new Abandoned(`${name} gave this up.`);
  }
  if (pressed.button === "start-again") await progress.put([{ key: "start again", value: id }]);
  const says = `${name} stopped this, because its workflow was changed while it was under way.`;
  return takeBackAll(parts, progress, { says, end: "refused" });
}

/** Leaves the run to others, ends it where it was cancelled, or parks it. */
export async function unfit(
  parts: UnfitParts,
  progress: Progress,
  found: { readonly says: string; readonly mayStartAgain: boolean },
): Promise<Outcome | "left"> {
  const { run } = progress;
  const left = await asBranch(progress, () =>
    progress.transact(async (sql) => ({
      value: await leaveToOthers(sql, run.id, parts.code),
    })),
  );
  if (left) return "left";
  if (run.cancel) return cancelled(parts, progress, `${run.cancel.name} cancelled this.`);
  return progress.parkAlone(choice(openChanges(progress), found));
}

/** Takes back every change under way, and ends the run as cancelled. */
export function cancelled(
  parts: ChangeParts,
  progress: Progress,
  says: string,
  but?: ReadonlySet<string>,
): Promise<Outcome> {
  return takeBackAll(parts, progress, { says, end: "cancelled" }, but);
}

function choice(open: readonly string[], found: Parameters<typeof unfit>[2]): Waits {
  const half =
    open.length > 0
      ? `Take back undoes ${listed(open.map((step) => `"${step}"`))}, which is under way.`
      : "Nothing is half done; what was finished stays.";
  const again = found.mayStartAgain ? "" : " It can't be started again in the same words.";
  return {
    ...{ kind: "press", step: "", wait },
    says: `The workflow was changed while this was under way. ${found.says} ${half}${again}`,
    buttons: buttons.filter(({ name }) => found.mayStartAgain || name !== "start-again"),
  };
}

/** Takes back every change under way that `but` does not name. */
async function takeBackAll(
  parts: ChangeParts,
  progress: Progress,
  undoing: z.output<typeof Undoing>,
  but: ReadonlySet<string> = new Set(),
): Promise<Outcome> {
  await asBranch(progress, async () => {
    for (const step of openChanges(progress)) {
      if (but.has(step)) continue;
      const c = changing(parts, progress, step);
      if (!progress.has(c.key("undoing")))
        await progress.put([{ key: c.key("undoing"), value: undoing }], { shows: true });
      await endChange(c);
    }
  });
  const ended = changes(progress).flatMap((step) => {
    const own = Undoing.safeParse(progress.get(keyOf(step, "undoing")));
    const end = End.safeParse(progress.get(keyOf(step, "end")));
    return own.data?.says === undoing.says && end.success ? [end.data] : [];
  });
  const end = ended.some((one) => one.end === "taken back") ? "taken back" : undoing.end;
  const says = ended.length > 0 ? ended.map((one) => one.says).join(" ") : undoing.says;
  return { end, says, output: null, next: [] };
}
const End = z.object({ end: z.string(), says: z.string() });

/** Counts as a branch of the run as long as it works: it may park, and nobody takes the run for idle meanwhile. */
export async function asBranch<T>(progress: Progress, work: () => Promise<T>): Promise<T> {
  progress.branch(1);
  try {
    return await work();
  } finally {
    progress.branch(-1);
  }
}

/** Changes that began and have not ended. */
function openChanges(progress: Progress): readonly string[] {
  return changes(progress).filter((step) => !progress.has(keyOf(step, "end")));
}

function changes(progress: Progress): readonly string[] {
  return [...progress.keys()].filter((key) => /^[^/]+\/begun$/.test(key)).map(stepOf);
}
