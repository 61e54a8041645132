/** A wait: time, looks and buttons raced. */
import { z } from "zod";
import type { Json, Look } from "../core/operation.ts";
import { milliseconds } from "../core/time.ts";
import type { Wait } from "../core/workflow.ts";
import { appendAudit } from "../store/audit.ts";
import { deletePress, isPressed } from "../store/presses.ts";
import { asJson } from "./acts.ts";
import { type ChangeParts, heedCancel } from "./changing.ts";
import { tryOrStop } from "./choices.ts";
import { steady } from "./faults.ts";
import { Misfit, misfits } from "./misfit.ts";
import { keyOf, type Progress } from "./progress.ts";

/** What ended it. Parks until something does. */
export async function waitFor(
  parts: Pick<ChangeParts, "operations">,
  progress: Progress,
  name: string,
  wait: Wait,
): Promise<Json> {
  const out = keyOf(name, "out");
  const before = progress.get(out);
  if (before !== undefined) {
    const { is } = z.object({ is: z.string() }).parse(before);
    const knows = is === "time" || is in (wait.when ?? {}) || is in (wait.press ?? {});
    if (!knows) throw new Misfit(misfits.wait(name, is));
    return before;
  }
  const began = keyOf(name, "began");
  if (!progress.has(began)) await progress.put([{ key: began, value: progress.now() }]);
  const since = Number(progress.get(began));
  await heedCancel(progress, name);
  const pressed = await pressOf(progress, name, wait);
  if (pressed) {
    await progress.put([{ key: out, value: pressed }], { shows: true });
    return pressed;
  }
  /** A press that came in meanwhile was acknowledged, so it counts. */
  const end = async (value: Json): Promise<Json> => {
    const isFirst = await progress.transact(async (sql) => {
      if (await isPressed(sql, progress.run.id, name)) return { value: false };
      return { put: [{ key: out, value }], value: true };
    });
    return isFirst ? value : progress.park(undefined, progress.now());
  };
  const ends = wait.until ?? (wait.for ? since + milliseconds(wait.for) : undefined);
  if (ends !== undefined && progress.now() >= ends) return end({ is: "time", at: progress.now() });
  for (const [is, { look, test }] of Object.entries(wait.when ?? {})) {
    const how = { step: name, scope: is, what: `look at ${look.op}`, until: ends };
    const saw = await steady(progress, { ...how, choices: tryOrStop }, () =>
      parts.operations.look(look as Look, progress.signal, progress.run.by_person),
    );
    if (test(saw as never)) return end({ is, at: progress.now(), saw });
  }
  const again = wait.when ? progress.now() + milliseconds(wait.every ?? "1h") : undefined;
  const wakes = [ends, again].filter((at) => at !== undefined);
  const buttons = Object.entries(wait.press ?? {}).map(([button, { label, danger, form }]) => ({
    name: button,
    label,
    ...(danger && { danger }),
    ...(form && {
      form: true,
      schema: asJson(z.toJSONSchema(form, { io: "input", unrepresentable: "any" })),
    }),
  }));
  return progress.park(
    {
      ...{ kind: wait.press ? "press" : "time", step: name, since, buttons },
      ...(wait.press && { wait: name }),
      ...(ends !== undefined && { until: ends }),
    },
    wakes.length > 0 ? Math.min(...wakes) : undefined,
  );
}

/** What somebody pressed. A button or form that does not fit is forgotten, so that one can press again. */
async function pressOf(progress: Progress, name: string, wait: Wait): Promise<Json | undefined> {
  const pressed = progress.presses.get(name);
  if (!pressed) return undefined;
  const press = wait.press?.[pressed.button];
  const by = { id: pressed.person.id, name: pressed.person.name };
  const out = { is: pressed.button, at: pressed.at, by };
  if (press && !press.form) return out;
  const form = press?.form?.safeParse(pressed.form);
  if (form?.success) return { ...out, form: asJson(form.data) };
  await progress.transact(async (sql) => {
    await deletePress(sql, progress.run.id, name);
    const did = `was not understood: ${pressed.button}`;
    const { id: run } = progress.run;
    await appendAudit(sql, { person: pressed.person.id, surface: "engine", did, run });
    return { value: undefined };
  });
  return undefined;
}
