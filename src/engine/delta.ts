/** What changed between an approved plan and the one made again, in a sentence for those who have to look again. */
import { type Change, canonical, type Plan } from "../core/plan.ts";
import { isBlank } from "./acts.ts";
import { targetText } from "./words.ts";

/** `It changed since Grace approved: replicas 3 → 5. That approval no longer counts; please look again.` */
export function deltaOf(before: Plan, after: Plan, approvers: readonly string[]): string {
  const old = new Set(changesOf(before).map(canonical));
  const fresh = changesOf(after).filter((change) => !old.has(canonical(change)));
  const only = new Set([...changesOf(before), ...fresh].map((change) => change.of)).size === 1;
  const lines = fresh.slice(0, 3).map((change) => movedText(change, before, only));
  const what =
    lines.length > 0 ? `: ${lines.join(", ")}${fresh.length > 3 ? " and more" : ""}` : "";
  if (approvers.length === 0)
    return `What would change is not what it was${what}. Please look again.`;
  const who = approvers.join(" and ");
  const which =
    approvers.length === 1 ? "That approval no longer counts" : "Those approvals no longer count";
  return `It changed since ${who} approved${what}. ${which}; please look again.`;
}

/** What somebody else did meanwhile, as they did it: `replicas 3 → 5 (kubectl)`; else what would now change. */
function movedText(change: Change, before: Plan, only: boolean): string {
  if (change.by === undefined || change.from === null) return changeText(change, only);
  const earlier = changesOf(before).find(
    (old) => old.of === change.of && old.field === change.field,
  );
  const { from, by } = change;
  const what = whatOf(change, only);
  const was = earlier ? earlier.from : change.to;
  if (was === null) return `${what} ${valueText(from)} (${by})`;
  return `${what} ${valueText(was)} → ${valueText(from)} (${by})`;
}

/** `version 1.4.1 → 1.4.2`, `new: Ingress web`, `gone: web in production`. */
function changeText(change: Change, only: boolean): string {
  const what = whatOf(change, only);
  if (change.from === null)
    return `new: ${what} ${change.to === "new" ? "" : valueText(change.to)}`.trim();
  if (change.to === null) return `gone: ${what}`;
  return `${what} ${valueText(change.from)} → ${valueText(change.to)}`;
}

/** `replicas`; `web in production replicas` unless everything is about one thing, which the card's title names. */
export function whatOf(change: Change, only: boolean): string {
  if (change.field === undefined) return targetText(change.of);
  return only ? change.field : `${targetText(change.of)} ${change.field}`;
}

/** A value in a diff, short. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (isBlank(value)) return "(known after)";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function changesOf(plan: Plan): Change[] {
  return plan.nodes.flatMap((node) => ("changes" in node.preview ? node.preview.changes : []));
}
