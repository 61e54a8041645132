/** Takes a change back from its plan and journal alone: no workflow code is needed, whatever version is on disk. */
import type { Effect, Until } from "../core/operation.ts";
import type { PlanNode } from "../core/plan.ts";
import { Refusal } from "../core/refusal.ts";
import type { Done } from "../core/workflow.ts";
import { fillBlanks, hasBlank } from "./acts.ts";
import type { Asked, Changing } from "./changing.ts";
import { tryOrAbandon } from "./choices.ts";
import { carryEffect, lookAgain, recordEffect, settleEffect } from "./effect.ts";
import { steady } from "./faults.ts";

/**
 * Last first. What was begun and not found is taken back too, because undo operations converge.
 * Where an earlier operation of the same part touches the same objects, its undo puts them back further.
 */
export async function takeBack(c: Changing, prefix: string): Promise<void> {
  const nodes = c.plan().nodes;
  await settleBegun(c, prefix);
  for (const [i, node] of [...nodes.entries()].reverse()) {
    if (!begun(c, node, prefix) || !("changes" in node.preview)) continue;
    const { undo, seen } = node.preview;
    const objects = Object.keys(seen);
    const covered = nodes.slice(0, i).some((earlier) => {
      if (!begun(c, earlier, prefix) || !("changes" in earlier.preview)) return false;
      if ("irreversible" in earlier.preview.undo) return false;
      const theirs = earlier.preview.seen;
      return objects.length > 0 && objects.every((object) => object in theirs);
    });
    if (covered || "irreversible" in undo) continue;
    for (const [j, act] of undo.entries()) {
      if (act.kind === "effect") await putBack(c, act, `${node.place}/undo${j}`);
    }
  }
}

/** Finds out what became of everything that was begun, so that its result and its audit row are there. */
export async function settleBegun(c: Changing, prefix: string): Promise<void> {
  for (const node of c.plan().nodes) {
    const { op, place, preview } = node;
    if (!begun(c, node, prefix) || !("changes" in preview)) continue;
    const input = c.filled(node.input);
    const { seen } = preview;
    await settleEffect(c, { place, op, input, preview, seen, choices: tryOrAbandon });
  }
}

/** What became of taking back, for the end's sentence. */
export function tookBack(c: Changing): { readonly again: string[]; readonly stays: string[] } {
  const again: string[] = [];
  const stays: string[] = [];
  for (const node of c.plan().nodes) {
    if (!("changes" in node.preview)) continue;
    const { undo, stays: kept = "irreversible" in undo ? undo.irreversible : undefined } =
      node.preview;
    if (kept !== undefined && c.progress.has(c.key(node.place, "did"))) stays.push(kept);
    if ("irreversible" in undo) continue;
    for (const [j, act] of undo.entries()) {
      if (act.kind !== "effect" || !c.progress.has(c.key(`${node.place}/undo${j}`, "did")))
        continue;
      const says = c.parts.operations.effectSpec(act.op).again?.(c.filled(act.input));
      if (says) again.push(says);
    }
  }
  return { again: [...new Set(again)], stays: [...new Set(stays)] };
}

/** What a change came to, for its author. */
export function doneOf(c: Asked, at: number): Done {
  const gone = (place: string) => inTakenBackPart(c, place);
  const went = (op: Effect | Until) => {
    const place = c.acts.placeOf(op);
    return c.progress.has(c.key(place, "did")) && !gone(place);
  };
  return {
    at,
    went,
    of<R>(op: Effect<R> | Until<R>): R {
      const place = c.acts.placeOf(op);
      if (!went(op)) throw new Refusal(`"${c.step}": what stands at ${place} was taken back`);
      return c.result(place) as R;
    },
    get undo() {
      return c
        .plan()
        .nodes.toReversed()
        .flatMap((node) => {
          const { preview, place } = node;
          if (!("changes" in preview) || "irreversible" in preview.undo) return [];
          if (!c.progress.has(c.key(place, "did")) || gone(place)) return [];
          return preview.undo.map((act) => fillBlanks(act, c.result) as typeof act);
        });
    },
  };
}

async function putBack(c: Changing, act: Effect, place: string): Promise<void> {
  const did = c.key(place, "did");
  if (c.progress.has(did)) return;
  const input = c.filled(act.input);
  if (hasBlank(input)) return; // it needs a result that is not there: nothing was made
  c.progress.meter?.({ is: "passed", point: "before undo" });
  const { op } = act;
  const what = `take back: ${c.parts.operations.effectSpec(op).says(input)}`;
  const how = { choices: tryOrAbandon, insists: true };
  const looking = { step: c.step, scope: `${place}/again`, what, ...how };
  const preview = await steady(c.progress, looking, () => lookAgain(c, op, input));
  if ("same" in preview) return recordEffect(c, { place, op }, preview.same);
  await carryEffect(c, { place, op, input, preview, seen: preview.seen, ...how });
}

function begun(c: Changing, node: PlanNode, prefix: string): boolean {
  return (
    node.kind === "effect" &&
    node.place.startsWith(prefix) &&
    c.progress.has(c.key(node.place, "intent")) &&
    !inTakenBackPart(c, node.place)
  );
}

/** Whether a part of an `each` around this place was taken back. */
function inTakenBackPart(c: Changing, place: string): boolean {
  return [...place.matchAll(/\./g)].some(({ index }) =>
    c.progress.has(c.key(place.slice(0, index + 1), "back")),
  );
}
