/** Carries an approved change out: its acts in order, groups side by side, waits until they are good. */
import { z } from "zod";
import type { Act, Effect, Group, Until } from "../core/operation.ts";
import { canonical } from "../core/plan.ts";
import { Refusal } from "../core/refusal.ts";
import { milliseconds } from "../core/time.ts";
import type { Entry } from "../store/journal.ts";
import { fitsLines, hasBlank } from "./acts.ts";
import { type Asked, heedCancel } from "./changing.ts";
import { tryOrTakeBack } from "./choices.ts";
import { carryEffect, intentOf, lookAgain } from "./effect.ts";
import { Ended, endOf } from "./ends.ts";
import { steady } from "./faults.ts";
import { takeBack } from "./undo.ts";
import { sentence } from "./words.ts";

/** Set when a part of an `all` failed: the other parts, and groups in them, stop at their next act. */
interface Stop {
  says?: string | undefined;
  readonly around?: Stop;
}
const stopped = (stop: Stop): string | undefined =>
  stop.says ?? (stop.around && stopped(stop.around));

/** Comes back when everything is done; a Refusal means that it has to be taken back. */
export async function carryOut(
  c: Asked,
  acts: readonly Act[],
  prefix: string,
  stop: Stop = {},
): Promise<void> {
  for (const [i, act] of acts.entries()) {
    await heedCancel(c.progress, c.step);
    const says = stopped(stop);
    if (says !== undefined) throw new Refusal(says);
    const place = `${prefix}${i}`;
    const next = () => intentAfter(c, acts[i + 1], `${prefix}${i + 1}`, stop);
    if (act.kind === "effect") await effect(c, act, place, next());
    else if (act.kind === "until") await waitUntil(c, act, place);
    else await sideBySide(c, act, place, stop);
  }
}

/**
 * The intent of what is carried out next, where nothing can come in between: no wait, no part of a group that fails
 * meanwhile, no second look at a late value.
 */
export function intentAfter(
  c: Asked,
  act: Act | undefined,
  place: string,
  stop: Stop = {},
): Entry | undefined {
  if (act?.kind !== "effect" || stop.around !== undefined || c.progress.run.cancel)
    return undefined;
  const { preview, input } = c.node(place);
  if ("same" in preview || hasBlank(input)) return undefined;
  const known = ["did", "intent", "fault"].some((mark) => c.progress.has(c.key(place, mark)));
  return known ? undefined : intentOf(c, { place, op: act.op, input });
}

async function effect(
  c: Asked,
  act: Effect,
  place: string,
  next: Entry | undefined,
): Promise<void> {
  const did = c.key(place, "did");
  if (c.progress.has(did)) return;
  const node = c.node(place);
  const { preview } = node;
  if ("same" in preview) return c.progress.put([{ key: did, value: { result: preview.same } }]);
  const input = c.filled(node.input);
  if (hasBlank(node.input)) await holdToPlan(c, act, place, input);
  const { seen } = preview;
  const doing = { place, op: act.op, input, preview, seen, next };
  await carryEffect(c, { ...doing, choices: tryOrTakeBack });
  const result = c.result(place);
  for (const [name, value] of Object.entries(preview.knows ?? {})) {
    const got =
      typeof result === "object" && result !== null ? Reflect.get(result, name) : undefined;
    if (canonical(got) !== canonical(value))
      throw new Refusal(`${sentence(node.says)} gave another ${name} than was planned.`);
  }
}

/** What came out late must fit what was approved: "known after" is the only blank. */
async function holdToPlan(
  c: Asked,
  act: Effect,
  place: string,
  input: Parameters<typeof lookAgain>[2],
): Promise<void> {
  if (c.progress.has(c.key(place, "intent"))) return;
  const node = c.node(place);
  const how = { step: c.step, scope: `${place}/again`, what: `look again at ${node.says}` };
  const now = await steady(c.progress, { ...how, choices: tryOrTakeBack }, () =>
    lookAgain(c, act.op, input),
  );
  if (
    "changes" in now &&
    "changes" in node.preview &&
    !fitsLines(node.preview.changes, now.changes)
  )
    throw new Refusal(`${sentence(node.says)} would now do something else than was approved.`);
}

const Saw = z.looseObject({ state: z.enum(["going", "good", "bad"]), says: z.string() });

async function waitUntil(c: Asked, act: Until, place: string): Promise<void> {
  const { progress } = c;
  const did = c.key(place, "did");
  if (progress.has(did)) return;
  const began = c.key(place, "began");
  if (!progress.has(began)) await progress.put([{ key: began, value: progress.now() }]);
  const look = { ...act.look, input: c.filled(c.node(place).input) };
  const how = {
    step: c.step,
    scope: place,
    what: `look at ${act.look.op}`,
    choices: tryOrTakeBack,
  };
  const answer = await steady(progress, how, () =>
    c.parts.operations.look(look, progress.signal, progress.run.by_person),
  );
  const saw = Saw.parse(answer);
  if (saw.state === "good")
    return progress.put([{ key: did, value: { result: answer } }], { shows: true, later: "turn" });
  const before = progress.get(c.key(place, "saw"));
  if (canonical(before) !== canonical(answer))
    await progress.put([{ key: c.key(place, "saw"), value: answer }], { shows: true });
  if (saw.state === "bad") throw new Refusal(saw.says);
  if (progress.now() >= Number(progress.get(began)) + milliseconds(act.timeout))
    throw new Refusal(`${saw.says} It was not good after ${act.timeout}.`);
  await progress.park(undefined, progress.now() + milliseconds(act.every));
}

async function sideBySide(c: Asked, group: Group, place: string, around: Stop): Promise<void> {
  const { progress } = c;
  const failedKey = (j: number) => c.key(`${place}.${j}.`, "failed");
  const before = group.parts.map((_, j) => progress.get(failedKey(j)));
  const stop: Stop = { around, says: before.find((says) => typeof says === "string") };
  const part = async (acts: readonly Act[], j: number): Promise<Ended | undefined> => {
    const prefix = `${place}.${j}.`;
    const back = c.key(prefix, "back");
    const undoing = c.key(prefix, "undoing");
    if (progress.has(back)) return failed(String(progress.get(back)));
    if (progress.has(failedKey(j))) return failed(String(progress.get(failedKey(j))));
    if (!progress.has(undoing)) {
      try {
        await carryOut(c, acts, prefix, stop);
        return undefined;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        if (group.kind === "all" || endOf(error) === "cancelled") {
          stop.says ??= error.message;
          if (endOf(error) === "cancelled") return new Ended("cancelled", error.message);
          await progress.put([{ key: failedKey(j), value: error.message }]);
          return failed(error.message);
        }
        await progress.put([{ key: undoing, value: error.message }], { shows: true });
      }
    }
    const says = String(progress.get(undoing));
    await takeBack(c, prefix);
    await progress.put([{ key: back, value: says }], { shows: true });
    return failed(says);
  };
  progress.branch(group.parts.length - 1);
  const outcomes = await Promise.all(
    group.parts.map((acts, j) => part(acts, j).finally(() => progress.branch(-1))),
  );
  progress.branch(1);
  const bad = outcomes.filter((outcome) => outcome !== undefined);
  const cancelled = bad.find((outcome) => outcome.end === "cancelled");
  if (cancelled) throw cancelled;
  if (bad.length > 0 && (group.kind === "all" || bad.length === outcomes.length)) {
    throw new Refusal([...new Set(bad.map((outcome) => outcome.message))].join(" "));
  }
}

function failed(says: string): Ended {
  return new Ended("refused", says);
}
