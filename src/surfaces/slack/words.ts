/** The parts of a card as words, the same in the blocks and in the plain text that stands for them. */
import type { ChangeLine, DrawnCard, Tone } from "../../core/card.ts";
import { line } from "./fit.ts";

/** Stands before the state's word, so that neither colour nor word alone has to say it. */
export const icons: { readonly [tone in Tone]: string } = {
  busy: "◐",
  waiting: "◇",
  good: "✓",
  bad: "✗",
  calm: "○",
};

/** How many changes are shown before the rest folds. */
export const shownChanges = 5;

/** `image 1.4.1 → 1.4.2`, `new: database web-db (small)`, `gone: volume web-cache (10 GB)`. */
export function changed(change: ChangeLine): string {
  const what = line(change.what, 120);
  const from = change.from === undefined ? undefined : line(change.from, 80);
  const to = change.to === undefined ? undefined : line(change.to, 80);
  const kept = change.irreversible === undefined ? "" : `. ${lasting(change.irreversible)}`;
  if (from !== undefined && to !== undefined) return `${what} ${from} → ${to}${kept}`;
  if (to !== undefined) return `new: ${what}${to === "new" ? "" : ` (${to})`}${kept}`;
  if (from !== undefined) return `gone: ${what}${from === "there" ? "" : ` (${from})`}${kept}`;
  return `${what}${kept}`;
}

/** What stands in the place of the changes that folded. */
export function folded(more: number): string {
  return `and ${more} more ${more === 1 ? "change" : "changes"}: see the thread`;
}

/** `██████░░░░ 3 of 5`. */
export function bar(progress: NonNullable<DrawnCard["progress"]>): string {
  const of = Math.max(1, progress.of);
  const full = Math.round(10 * Math.min(1, Math.max(0, progress.done / of)));
  return `${"█".repeat(full)}${"░".repeat(10 - full)} ${progress.done} of ${progress.of}`;
}

/** A chart as a line of bars with its first, least, greatest and last number. */
export function spark(chart: NonNullable<DrawnCard["chart"]>): string {
  const label = line(chart.label, 80);
  const values = chart.points.map(([, y]) => y).filter(Number.isFinite);
  const first = values[0];
  const last = values.at(-1);
  if (first === undefined || last === undefined) return `${label}: no numbers yet`;
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  const every = Math.max(1, Math.ceil(values.length / 40));
  const bars = values
    .filter((_, index) => index % every === 0)
    .map((y) => heights[most === least ? 0 : Math.round((7 * (y - least)) / (most - least))])
    .join("");
  return `${label}: ${bars} ${first} → ${last} (least ${least}, most ${most})`;
}

/** Rows under their headings, in columns, at most `limit` characters; the last line says what is missing. */
export function table(card: Pick<DrawnCard, "columns" | "rows">, limit: number): string {
  const rows = (card.rows ?? []).slice(0, 100);
  const heads = card.columns === undefined ? [] : [card.columns];
  const cells = [...heads, ...rows].map((row) =>
    row.slice(0, 20).map((cell) => line(cell, 40) || "–"),
  );
  const widths = cells.reduce<readonly number[]>(
    (wide, row) =>
      row
        .map((cell, at) => Math.max(wide[at] ?? 0, [...cell].length))
        .concat(wide.slice(row.length)),
    [],
  );
  const lines = cells.map((row) =>
    row
      .map((cell, at) => cell + " ".repeat((widths[at] ?? 0) - [...cell].length))
      .join("  ")
      .trimEnd(),
  );
  const kept: string[] = [];
  let used = 40;
  for (const text of lines) {
    used += text.length + 1;
    if (used > limit) break;
    kept.push(text);
  }
  const missing = heads.length + (card.rows ?? []).length - kept.length;
  return [...kept, ...(missing > 0 ? [`and ${missing} more`] : [])].join("\n");
}

function lasting(why: string): string {
  return `This can't be taken back: ${line(why, 120)}`;
}

const heights = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
