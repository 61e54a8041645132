/**
 * Draws a card as an Adaptive Card 1.5, as data: the same for Microsoft Teams and for the console.
 * Badge, CodeBlock, Chart.Line and ProgressBar are Teams' own elements; each has a fallback in the
 * words of 1.5. Short texts are text runs, which know no markup; the others are escaped.
 */
import type { Button, ChangeLine, DrawnCard, Form, Tone } from "../../core/card.ts";
import { line } from "../../observe/text.ts";
import type { Element } from "./element.ts";
import { fields } from "./form.ts";
import { verbatim } from "./verbatim.ts";

export interface AdaptiveCard extends Element {
  readonly type: "AdaptiveCard";
  readonly body: readonly Element[];
}
/** What a button sends back: the opaque id behind which our row is the truth. */
export interface Pressed {
  readonly button: string;
}

/** The card as JSON, without any limit of size; `fitted` keeps it within one. */
export function adaptive(card: DrawnCard, form?: Form): AdaptiveCard {
  return {
    type: "AdaptiveCard",
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    version: "1.5",
    fallbackText: words([card.title, card.state?.word, card.says].filter(Boolean).join(". "), 500),
    body: [
      ...heading(card),
      ...(card.says ? [sentence(card.says)] : []),
      ...progress(card.progress, card.state?.tone),
      ...changes(card.changes ?? []),
      ...table(card.columns ?? [], card.rows ?? []),
      ...code(card.code),
      ...chart(card.chart),
      ...people(card.fields ?? {}),
      ...small(card),
      ...(form === undefined ? [] : fields(form)),
      ...buttons(card.buttons, form),
    ],
  };
}

const looks: { readonly [tone in Tone]: { style: string; color: string; glyph: string } } = {
  busy: { style: "Accent", color: "Accent", glyph: "◔" },
  waiting: { style: "Warning", color: "Warning", glyph: "◆" },
  good: { style: "Good", color: "Good", glyph: "✓" },
  bad: { style: "Attention", color: "Attention", glyph: "✕" },
  calm: { style: "Informative", color: "Default", glyph: "○" },
};

function heading({ title, state }: DrawnCard): Element[] {
  const text: Element = {
    type: "TextBlock",
    text: verbatim(line(title)),
    style: "heading",
    size: "Medium",
    weight: "Bolder",
    wrap: true,
  };
  if (state === undefined) return [text];
  const look = looks[state.tone];
  const word = words(state.word);
  const badge: Element = {
    type: "Badge",
    text: word,
    style: look.style,
    appearance: "Tint",
    shape: "Rounded",
    // Colours of text are faint on some themes: the sign has them, the word does not need them.
    fallback: {
      type: "RichTextBlock",
      inlines: [
        textRun(`${look.glyph} `, { color: look.color, weight: "Bolder" }),
        textRun(word, { weight: "Bolder" }),
      ],
    },
  };
  return [
    {
      type: "ColumnSet",
      columns: [
        { type: "Column", width: "stretch", items: [text] },
        { type: "Column", width: "auto", items: [badge], verticalContentAlignment: "Top" },
      ],
    },
  ];
}

function sentence(text: string): Element {
  return { type: "TextBlock", text: verbatim(text), wrap: true, spacing: "Small" };
}

function progress(done: DrawnCard["progress"], tone: Tone = "busy"): Element[] {
  if (done === undefined || done.of <= 0) return [];
  const value = Math.max(0, Math.min(done.of, done.done));
  const full = Math.round((10 * value) / done.of);
  return [
    {
      type: "ProgressBar",
      value: Math.round((100 * value) / done.of),
      max: 100,
      color: looks[tone].color,
      // Not Teams' property: what a screen reader says, and what a surface without bars shows.
      altText: `${value} of ${done.of}`,
      spacing: "Small",
      fallback: run(`${"▰".repeat(full)}${"▱".repeat(10 - full)} ${value} of ${done.of}`),
    },
  ];
}

/** Lines that are shown before the rest is folded. */
const shown = 5;

function changes(lines: readonly ChangeLine[]): Element[] {
  if (lines.length === 0) return [];
  const list = lines.map(change);
  const folded = list.slice(shown);
  const first: Element = { type: "Container", spacing: "Medium", items: list.slice(0, shown) };
  if (folded.length === 0) return [first];
  return [
    first,
    { type: "Container", id: "rest", isVisible: false, spacing: "Small", items: folded },
    {
      type: "ActionSet",
      id: "unfold",
      spacing: "Small",
      actions: [
        {
          type: "Action.ToggleVisibility",
          title: `All ${lines.length} changes`,
          targetElements: ["rest", "unfold"],
        },
      ],
    },
  ];
}

/** `image 1.4.1 → 1.4.2`, `new: database`, `gone: volume (cannot be taken back: its content is lost)`. */
function change({ what, from, to, irreversible }: ChangeLine): Element {
  const mono = { fontType: "Monospace" };
  const inlines: Element[] = [];
  if (from === undefined && to !== undefined) inlines.push(textRun("new: ", { isSubtle: true }));
  if (from !== undefined && to === undefined) inlines.push(textRun("gone: ", { isSubtle: true }));
  const spaced = (between: string) => inlines.push(textRun(between, { isSubtle: true }));
  inlines.push(textRun(line(what)));
  if (from !== undefined && !(from === "there" && to === undefined)) {
    spaced("  ");
    inlines.push(textRun(line(from), { ...mono, isSubtle: true }));
  }
  if (to !== undefined && to !== "new") {
    spaced(from === undefined ? "  " : " → ");
    inlines.push(textRun(line(to), { ...mono, weight: "Bolder" }));
  }
  if (irreversible !== undefined)
    inlines.push(textRun(`  cannot be taken back: ${line(irreversible)}`, { color: "Attention" }));
  return { type: "RichTextBlock", spacing: "None", inlines };
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): Element[] {
  if (rows.length === 0) return [];
  const width = most([columns, ...rows].map((row) => row.length));
  const row = (texts: readonly string[], more: object) => ({
    type: "TableRow",
    cells: Array.from({ length: width }, (_, at) => ({
      type: "TableCell",
      items: [{ ...run(line(texts[at] ?? "")), ...more }],
    })),
  });
  return [
    {
      type: "Table",
      spacing: "Medium",
      firstRowAsHeaders: columns.length > 0,
      showGridLines: true,
      gridStyle: "default",
      columns: Array.from({ length: width }, (_, at) => ({
        width: share([columns, ...rows].map((texts) => line(texts[at] ?? ""))),
      })),
      rows: [
        ...(columns.length > 0 ? [row(columns, {})] : []),
        ...rows.map((texts) => row(texts, {})),
      ],
    },
  ];
}

/** A column's part of the width: enough for its longest word or short text first, and more for longer texts. */
function share(texts: readonly string[]): number {
  const longest = (all: readonly string[]): number => most(all.map((one) => one.length));
  const whole = texts.flatMap((text) => (text.length <= 12 ? [text] : text.split(/\s+/)));
  const word = Math.min(longest(whole), 24);
  return 3 + word + Math.max(0, Math.ceil((Math.min(longest(texts), 48) - word) / 4));
}

/** The greatest of them, however many there are; 0 of none. */
function most(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => Math.max(a, b), 0);
}

function code(block: DrawnCard["code"]): Element[] {
  if (block === undefined || block.text === "") return [];
  return [
    {
      type: "CodeBlock",
      codeSnippet: cleanLines(block.text),
      language: block.language ?? "PlainText",
      startLineNumber: 1,
      spacing: "Medium",
      fallback: {
        type: "Container",
        style: "emphasis",
        items: [
          {
            type: "RichTextBlock",
            inlines: [textRun(cleanLines(block.text), { fontType: "Monospace", size: "Small" })],
          },
        ],
      },
    },
  ];
}

function cleanLines(text: string): string {
  return text
    .split("\n")
    .map((one) => line(one.replaceAll("\t", "  "), 2_000))
    .join("\n");
}

function chart(drawn: DrawnCard["chart"]): Element[] {
  if (drawn === undefined || drawn.points.length === 0) return [];
  const label = words(drawn.label);
  const values = drawn.points.map(([, y]) => y);
  const [first, last] = [values[0] ?? 0, values.at(-1) ?? 0];
  const lowest = values.reduce((a, b) => Math.min(a, b));
  const highest = values.reduce((a, b) => Math.max(a, b));
  const told = `${label}: from ${first} to ${last}, lowest ${lowest}, highest ${highest}`;
  return [
    {
      type: "Chart.Line",
      title: label,
      data: [{ legend: label, values: drawn.points.map(([x, y]) => ({ x, y })) }],
      altText: told,
      spacing: "Medium",
      fallback: run(told),
    },
  ];
}

/** What people look for first stands first: the database does not keep the order of an object's names. */
const first = ["Asked by", "Approved by", "Rejected by", "Approval", "Still needed"];
const rank = (name: string): number => (first.includes(name) ? first.indexOf(name) : first.length);

function people(pairs: { readonly [name: string]: string }): Element[] {
  const sorted = Object.entries(pairs).toSorted(
    ([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1),
  );
  const facts = sorted.map(([title, value]) => ({
    title: verbatim(line(title)),
    value: verbatim(line(value)),
  }));
  return facts.length === 0 ? [] : [{ type: "FactSet", spacing: "Medium", facts }];
}

/** Small print and links on one line: a link is a run with an action, never markup. */
function small({ facts = [], links = [] }: DrawnCard): Element[] {
  const inlines: Element[] = [];
  const add = (one: Element) => {
    if (inlines.length > 0) inlines.push(textRun("  ·  ", { size: "Small", isSubtle: true }));
    inlines.push(one);
  };
  for (const fact of facts) add(textRun(line(fact), { size: "Small", isSubtle: true }));
  for (const { label, url } of links) {
    const safe = webAddress(url);
    if (safe === undefined) continue;
    const selectAction = { type: "Action.OpenUrl", url: safe, title: words(label) };
    add(textRun(line(label), { size: "Small", selectAction }));
  }
  return inlines.length === 0 ? [] : [{ type: "RichTextBlock", spacing: "Medium", inlines }];
}

/** The address where it is http or https, else undefined: nothing else may be opened from a card. */
function webAddress(text: string): string | undefined {
  const url = URL.parse(text);
  const isWeb = url?.protocol === "http:" || url?.protocol === "https:";
  return isWeb && url.href.length <= 2_000 ? url.href : undefined;
}

function buttons(list: readonly Button[], form: Form | undefined): Element[] {
  const actions = list.map(press);
  if (form !== undefined)
    actions.unshift(execute({ id: form.id, label: form.submit, primary: true }));
  // Teams shows six in a row; what is more stands behind three dots.
  const shown = actions.map((one, at) => (at < 6 ? one : { ...one, mode: "secondary" }));
  return actions.length === 0 ? [] : [{ type: "ActionSet", spacing: "Medium", actions: shown }];
}

/** A button that asks first opens a small card with the question and the real button. */
function press(button: Button): Element {
  if (button.confirm === undefined) return execute(button);
  return {
    type: "Action.ShowCard",
    title: words(button.label, longestLabel),
    card: {
      type: "AdaptiveCard",
      body: [sentence(line(button.confirm.slice(0, 2_000), 500))],
      actions: [execute({ id: button.id, label: button.label }, "destructive")],
    },
  };
}

/** Action.Execute where the client knows Universal Actions, Action.Submit with the same data elsewhere. */
function execute(button: Omit<Button, "confirm">, style?: string): Element {
  const data: Pressed = { button: button.id };
  const title = words(button.label, longestLabel);
  const look = style ?? (button.primary ? "positive" : undefined);
  const both = { title, data, ...(look === undefined ? {} : { style: look }) };
  return {
    type: "Action.Execute",
    verb: "press",
    ...both,
    fallback: { type: "Action.Submit", ...both },
  };
}

const longestLabel = 100;

function run(text: string): Element {
  return { type: "RichTextBlock", inlines: [textRun(text)] };
}

function textRun(text: string, more: object = {}): Element {
  return { type: "TextRun", text: braces(text), ...more };
}

/** One line that no client takes for a template. */
function words(text: string, limit?: number): string {
  return braces(line(limit === undefined ? text : text.slice(0, 4 * limit), limit));
}

/** A date in Adaptive's own braces would be computed: a space takes their meaning away. */
function braces(text: string): string {
  return text.replaceAll("{{", "{ {");
}
