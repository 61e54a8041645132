/** What a plan would change, in lines that people read. */
import type { Card, ChangeLine } from "../core/card.ts";
import type { Change, Plan } from "../core/plan.ts";
import { valueText, whatOf } from "./delta.ts";

/** How many lines a run's card shows before it folds the rest. */
const shown = 5;

/** A line for each change. Where everything is about one thing, which the title names, only its fields are named. */
export function changesOf(plan: Plan): ChangeLine[] {
  const changing = plan.nodes.flatMap(({ preview }) => ("changes" in preview ? [preview] : []));
  const things = new Set(changing.flatMap(({ changes }) => changes.map((change) => change.of)));
  return changing.flatMap(({ undo, stays, changes }) => {
    const always = "irreversible" in undo ? undo.irreversible : undefined;
    return changes.map((change, i) => {
      const irreversible = i === 0 ? (always ?? stays) : always;
      return {
        what: whatOf(change, things.size === 1),
        ...(change.from !== null && { from: fromText(change) }),
        ...(change.to !== null && { to: valueText(change.to) }),
        ...(irreversible !== undefined && { irreversible }),
      };
    });
  });
}

/** All changes as a table, for the card's thread; undefined where the card shows them all itself. */
export function allChanges(plan: Plan): Card | undefined {
  const lines = changesOf(plan);
  if (lines.length <= shown) return undefined;
  return {
    title: `All ${lines.length} changes`,
    columns: ["what", "from", "to"],
    rows: lines.map((line) => [line.what, line.from ?? "", line.to ?? ""]),
  };
}

/** `7`, or `7 (set by kubectl)` where somebody else's work is taken over. */
function fromText({ from, by }: Change): string {
  return by === undefined ? valueText(from) : `${valueText(from)} (set by ${by})`;
}
