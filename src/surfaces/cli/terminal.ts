/** Draws a card for a terminal: at most 12 lines, none wider than it is. */
import type { ChangeLine, DrawnCard, Tone } from "../../core/card.ts";
import { line, plain } from "../../observe/text.ts";
import { cut, pad, widthOf, wrap } from "./width.ts";

export interface Look {
  /** Columns; no line is wider. */
  readonly width: number;
  /** Colours besides the words and icons, never instead of them. */
  readonly color: boolean;
}

const mostLines = 12;
const mostChanges = 5;
const indent = "  ";

const icons: { readonly [tone in Tone]: string } = {
  busy: "•",
  waiting: "?",
  good: "✓",
  bad: "✗",
  calm: "–",
};
const colours: { readonly [tone in Tone]: number } = {
  busy: 36,
  waiting: 33,
  good: 32,
  bad: 31,
  calm: 2,
};
const bold = 1;
const dim = 2;

/** The card's lines, top to bottom, without line ends. What does not fit is folded and says how much. */
export function drawLines(card: DrawnCard, look: Look): readonly string[] {
  const room = Math.max(20, look.width);
  const inner = room - indent.length;
  const paint = (text: string, code: number) =>
    look.color ? `\u001B[${code}m${text}\u001B[0m` : text;
  const indented = (text: string) => `${indent}${cut(text, inner)}`;

  const above = [paint(cut(line(card.title), room), bold), ...stateLines(card, room, paint)];
  const below = [
    ...fieldLines(card, inner).map(indented),
    ...progressLines(card, inner).map(indented),
    ...chartLines(card).map(indented),
    ...factLines(card).map((text) => paint(indented(text), dim)),
    ...linkLines(card, inner).map((text) => `${indent}${text}`),
    ...buttonLines(card).map(indented),
  ];
  const left = Math.max(1, mostLines - above.length - below.length);
  const middle = flexible(card, inner, left).map((text) => `${indent}${text}`);
  return [...above, ...middle, ...below].slice(0, mostLines);
}

type Paint = (text: string, code: number) => string;

function stateLines({ state, says }: DrawnCard, room: number, paint: Paint): readonly string[] {
  const text = says === undefined ? "" : line(says);
  if (state === undefined) return text === "" ? [] : wrap(text, room, 4);
  const head = `${icons[state.tone]} ${line(state.word)}`;
  // "Waiting for approval  Waiting for Grace" would say it twice.
  const twice = firstWord(text) === firstWord(line(state.word));
  const whole = twice ? `${icons[state.tone]} ${text}` : `${head}  ${text}`.trimEnd();
  const [first = "", ...rest] = wrap(whole, room - indent.length, 4);
  const told = twice ? head.slice(0, 2 + firstWord(text).length) : head;
  const painted = first.startsWith(told)
    ? paint(told, colours[state.tone]) + first.slice(told.length)
    : paint(first, colours[state.tone]);
  return [painted, ...rest.map((text) => indent + text)];
}

function firstWord(text: string): string {
  return /^[^\s;:,]*/.exec(text)?.[0] ?? "";
}

/** Changes, a table or code: what gives way when there is too much. */
function flexible(card: DrawnCard, room: number, left: number): readonly string[] {
  const changes = changeLines(card.changes ?? [], room, left);
  const table = tableLines(card, room, Math.max(0, left - changes.length));
  const code = codeLines(card, room, Math.max(0, left - changes.length - table.length));
  return [...changes, ...table, ...code];
}

function changeLines(
  changes: readonly ChangeLine[],
  room: number,
  left: number,
): readonly string[] {
  const names = changes.map(({ what }) => line(what, 40));
  const column = Math.min(Math.floor(room / 2), Math.max(0, ...names.map(widthOf)));
  const lines = changes.map((change, at) =>
    cut(`${pad(cut(names[at] ?? "", column), column)}  ${changed(change)}`, room),
  );
  return folded(lines, Math.min(left, mostChanges + 1), (more) => `and ${more} more`);
}

function changed({ from, to, irreversible }: ChangeLine): string {
  const [before, after] = [from, to].map((text) => (text === undefined ? undefined : line(text)));
  const what =
    before === undefined
      ? after === "new"
        ? "new"
        : `new: ${after ?? ""}`.trim()
      : after === undefined
        ? before === "there"
          ? "gone"
          : `${before} → gone`
        : `${before} → ${after}`;
  return irreversible === undefined ? what : `${what} (can't be taken back: ${line(irreversible)})`;
}

function tableLines(
  { columns = [], rows = [] }: DrawnCard,
  room: number,
  left: number,
): readonly string[] {
  if (rows.length === 0) return [];
  const all = [...(columns.length === 0 ? [] : [columns]), ...rows].map((row) =>
    row.map((cell) => line(cell)),
  );
  const widths = (all[0] ?? []).map((_, at) =>
    Math.max(...all.map((row) => widthOf(row[at] ?? ""))),
  );
  const lines = all.map((row) =>
    cut(
      row
        .map((cell, at) => pad(cell, widths[at] ?? 0))
        .join("  ")
        .trimEnd(),
      room,
    ),
  );
  return folded(lines, left, (more) => `and ${more} more`);
}

/** A log's end says more than its beginning. */
function codeLines({ code }: DrawnCard, room: number, left: number): readonly string[] {
  if (code === undefined || left === 0) return [];
  const lines = plain(code.text).replaceAll("\t", "  ").trimEnd().split("\n");
  return lines.slice(-left).map((text) => cut(`│ ${text}`, room));
}

/** All of them, or as many as fit with a last line that tells how many more there are. */
function folded(
  lines: readonly string[],
  most: number,
  rest: (more: number) => string,
): readonly string[] {
  if (lines.length <= most) return lines;
  if (most === 0) return [];
  return [...lines.slice(0, most - 1), rest(lines.length - most + 1)];
}

function fieldLines({ fields = {} }: DrawnCard, room: number): readonly string[] {
  const texts = Object.entries(fields).map(([name, value]) => `${line(name)}: ${line(value)}`);
  return texts.length === 0 ? [] : wrap(texts.join(" · "), room, 2);
}

function progressLines({ progress }: DrawnCard, room: number): readonly string[] {
  if (progress === undefined || progress.of <= 0) return [];
  const { done, of } = progress;
  const columns = Math.min(20, room - 12);
  const full = Math.round((Math.min(Math.max(done, 0), of) / of) * columns);
  return [`${"█".repeat(full)}${"░".repeat(columns - full)} ${done} of ${of}`];
}

const bars = "▁▂▃▄▅▆▇█";
function chartLines({ chart }: DrawnCard): readonly string[] {
  const values = (chart?.points ?? []).map(([, value]) => value).slice(-40);
  if (chart === undefined || values.length === 0) return [];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const drawn = values
    .map((value) => bars[Math.round(((value - low) / (high - low || 1)) * 7)])
    .join("");
  return [`${line(chart.label)} ${drawn} ${values.at(-1)} (${low} to ${high})`];
}

function factLines({ facts = [] }: DrawnCard): readonly string[] {
  return facts.length === 0 ? [] : [facts.map((fact) => line(fact)).join(" · ")];
}

/** An address that is cut is no address: it stands alone, as it is, unless it is wider than the terminal. */
function linkLines({ links = [] }: DrawnCard, room: number): readonly string[] {
  return links.slice(0, 2).map(({ label, url }) => {
    const address = line(url);
    const both = label === url ? address : `${line(label)}: ${address}`;
    return widthOf(both) <= room ? both : cut(address, room);
  });
}

function buttonLines({ buttons }: DrawnCard): readonly string[] {
  return buttons.length === 0 ? [] : [buttons.map(({ label }) => `[${line(label)}]`).join(" ")];
}
