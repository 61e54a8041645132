/** A child run: a plan, votes, a lock and a card of its own. Its bad end is a refusal in its parent. */
import { z } from "zod";
import type { Json } from "../core/operation.ts";
import { canonical } from "../core/plan.ts";
import { Refusal } from "../core/refusal.ts";
import type { Workflow } from "../core/workflow.ts";
import { familySize } from "../store/family.ts";
import { copyRoots } from "../store/messages.ts";
import { askCancel, findRun, insertRun, ringRuns } from "../store/runs.ts";
import { asJson } from "./acts.ts";
import { type ChangeParts, heedCancel } from "./changing.ts";
import { sha256 } from "./digest.ts";
import { Ended, ends } from "./ends.ts";
import { hurryOf } from "./hurry.ts";
import { family } from "./limits.ts";
import { Misfit, misfits } from "./misfit.ts";
import { keyOf, type Progress } from "./progress.ts";

export interface ChildParts extends Pick<ChangeParts, "ring"> {
  readonly hashOf: (workflow: Workflow) => string;
}

/** The child's output. Parks while it is open; a cancel of the parent cancels it and waits for its end. */
export async function child(
  parts: ChildParts,
  progress: Progress,
  step: string,
  workflow: Workflow,
  input: unknown,
): Promise<Json> {
  const key = keyOf(step, "child");
  const { run } = progress;
  const id = sha256([run.id, step]).slice(0, 20);
  if (!progress.has(key)) {
    await heedCancel(progress, step);
    const parsed = workflow.input.parse(input);
    const title = workflow.title(parsed as never);
    const added = await progress.transact(async (sql) => {
      if ((await familySize(sql, run.id, family)) >= family) return { value: false };
      const hash = parts.hashOf(workflow);
      const by = run.by_person;
      const parent = { run: run.id, step };
      const asked = { id, workflow: workflow.name, hash, input: asJson(parsed), title, by, parent };
      await insertRun(sql, { ...asked, hurry: hurryOf(workflow) });
      await copyRoots(sql, run.id, id);
      return { put: [{ key, value: id }], value: true };
    });
    if (!added)
      throw new Refusal(`This run and those that it started are ${family}; it may start no more.`);
    parts.ring([id]);
  }
  const row = await progress.reads((sql) => findRun(sql, id));
  if (!row) throw new Error(`the child run ${id} of "${step}" is not in the database`);
  const asks = workflow.input.safeParse(input);
  const same = asks.success && canonical(asJson(asks.data)) === canonical(row.input);
  if (row.workflow !== workflow.name || !same) throw new Misfit(misfits.child(step));
  if (row.ended_at === null) {
    await passCancel(parts, progress, step, id);
    return progress.park({ kind: "child", step, holder: id });
  }
  if (row.state === "succeeded" || row.state === "nothing to do") return row.output;
  const end = z.enum(ends).catch("refused").parse(row.state);
  throw end === "cancelled" ? new Ended(end, row.says) : new Refusal(row.says);
}

async function passCancel(
  parts: ChildParts,
  progress: Progress,
  step: string,
  id: string,
): Promise<void> {
  const { cancel } = progress.run;
  if (!cancel || (progress.get("cancelled") ?? step) !== step) return;
  if (!progress.has("cancelled")) await progress.put([{ key: "cancelled", value: step }]);
  await progress.reads(async (sql) => {
    await askCancel(sql, id, { id: cancel.by, name: cancel.name });
    await ringRuns(sql, [id]);
  });
  parts.ring([id]);
}
