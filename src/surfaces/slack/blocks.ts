/**
 * A card as a Slack message: blocks, and a plain text that says the same.
 *
 * All texts of a card are untrusted. Rich text and plain text elements show them as they are: Slack
 * looks for no mention, link or emoji in them. Only `text` is read as markup, so it is escaped.
 */
import type { types } from "@slack/bolt";
import type { Button, DrawnCard } from "../../core/card.ts";
import { escaped, line, short, tail } from "./fit.ts";
import { limits } from "./limits.ts";
import { bar, changed, folded, icons, shownChanges, spark, table } from "./words.ts";

export interface Drawn {
  /** For notifications and for readers that show no blocks. */
  readonly text: string;
  readonly blocks: types.KnownBlock[];
  /** The code in full, where the blocks show only its end: it belongs into the thread. */
  readonly rest?: string;
}

/** Draws within Slack's limits, whatever the card holds: folds first, then cuts with "…". */
export function draw(card: DrawnCard, restIs = inThread): Drawn {
  for (const share of [1, 0.5, 0.2]) {
    const drawn = attempt(card, share, restIs);
    if (size(drawn.blocks) <= limits.message) return drawn;
  }
  return attempt(card, 0.05, restIs);
}

/** What is said under code of which only the end is shown: where the rest is, or that it was left out. */
export const inThread = "This is the end of it. All of it is in the thread.";
export const leftOut = "This is the end of it: what came before was left out.";

/** Draws with every text cut to a share of what it may have at best. */
function attempt(card: DrawnCard, share: number, restIs: string): Drawn {
  const cut = (length: number) => Math.max(20, Math.floor(length * share));
  const frame = [
    header(card, cut),
    ...state(card, cut),
    ...changes(card, cut),
    ...fields(card, cut),
    ...facts(card, cut),
    ...progress(card),
  ];
  const feet = [...links(card, cut), ...buttons(card.buttons, cut)];
  let room = limits.message - size([...frame, ...feet]);
  const rows = card.rows?.length || card.columns?.length ? table(card, within(room)) : "";
  const middle = rows === "" ? [] : [preformatted(rows)];
  room -= size(middle);
  const code = card.code === undefined ? undefined : tail(card.code.text, within(room));
  const shown = code === undefined || code.text === "" ? [] : [preformatted(code.text)];
  const rest = code?.cut === true ? [small([restIs])] : [];
  return {
    text: escaped(lines(card).join("\n"), limits.text),
    blocks: [...frame, ...middle, ...shown, ...rest, ...feet],
    ...(code?.cut === true && card.code !== undefined ? { rest: card.code.text } : {}),
  };
}

/** How much of a text's best length it gets. */
type Cut = (length: number) => number;

function header(card: DrawnCard, cut: Cut): types.KnownBlock {
  return { type: "header", text: plainText(line(card.title, cut(limits.header)) || "–") };
}

function state(card: DrawnCard, cut: Cut): types.KnownBlock[] {
  const word = card.state && `${icons[card.state.tone]} ${line(card.state.word, cut(60))}`;
  const says = short(card.says ?? "", cut(1500)).trim();
  if (word === undefined) return says === "" ? [] : [rich([section([text(says)])])];
  return [rich([section([bold(word), ...(says === "" ? [] : [text(`\n${says}`)])])])];
}

function changes(card: DrawnCard, cut: Cut): types.KnownBlock[] {
  const all = card.changes ?? [];
  if (all.length === 0) return [];
  const shown = all
    .slice(0, shownChanges)
    .map((change) => section([text(short(changed(change), cut(400)))]));
  const more = all.length - shown.length;
  const rest = more > 0 ? [section([text(folded(more))])] : [];
  return [rich([{ type: "rich_text_list", style: "bullet", elements: [...shown, ...rest] }])];
}

function fields(card: DrawnCard, cut: Cut): types.KnownBlock[] {
  const all = Object.entries(card.fields ?? {});
  if (all.length === 0) return [];
  const shown = all
    .slice(0, 10)
    .flatMap(([name, value], at) => [
      text(`${at === 0 ? "" : "  ·  "}${line(name, cut(60))} `),
      bold(line(value, cut(200)) || "–"),
    ]);
  const more = all.length > 10 ? [text(`  ·  and ${all.length - 10} more`)] : [];
  return [rich([section([...shown, ...more])])];
}

function facts(card: DrawnCard, cut: Cut): types.KnownBlock[] {
  const all = (card.facts ?? []).map((fact) => line(fact, cut(150))).filter((fact) => fact !== "");
  if (all.length === 0) return [];
  if (all.length <= limits.context) return [small(all)];
  return [
    small([...all.slice(0, limits.context - 1), `and ${all.length - limits.context + 1} more`]),
  ];
}

function progress(card: DrawnCard): types.KnownBlock[] {
  return [
    ...(card.progress === undefined ? [] : [rich([section([text(bar(card.progress))])])]),
    ...(card.chart === undefined ? [] : [rich([section([text(spark(card.chart))])])]),
  ];
}

function links(card: DrawnCard, cut: Cut): types.KnownBlock[] {
  const safe = (card.links ?? []).flatMap(({ label, url }) => {
    const href = webAddress(url);
    return href === undefined ? [] : [{ href, label: line(label, cut(75)) || href }];
  });
  if (safe.length === 0) return [];
  const elements = safe
    .slice(0, 5)
    .flatMap(({ href, label }, at): types.RichTextElement[] => [
      ...(at === 0 ? [] : [text("  ·  ")]),
      { type: "link", url: href, text: label },
    ]);
  return [rich([section(elements)])];
}

function buttons(all: readonly Button[], cut: Cut): types.KnownBlock[] {
  if (all.length === 0) return [];
  const shown = all.slice(0, shownButtons).map((one) => button(one, cut));
  const more = all.length - shown.length;
  return [
    { type: "actions", elements: shown },
    ...(more > 0 ? [small([`There are ${more} more buttons than fit: type what you want.`])] : []),
  ];
}

const shownButtons = 10;

function button(given: Button, cut: Cut): types.Button {
  const label = line(given.label, cut(limits.buttonText)) || "–";
  const style = given.primary ? "primary" : given.confirm === undefined ? undefined : "danger";
  return {
    type: "button",
    action_id: actionOf(given.id),
    value: given.id,
    text: plainText(label),
    ...(style === undefined ? {} : { style }),
    ...(given.confirm === undefined ? {} : { confirm: question(label, given.confirm, cut) }),
  };
}

function question(label: string, asks: string, cut: Cut): types.ConfirmationDialog {
  return {
    title: plainText(line(label, limits.confirm.title)),
    text: plainText(line(asks, cut(limits.confirm.text)) || "Are you sure?"),
    confirm: plainText(line(label, limits.confirm.button)),
    deny: plainText("Leave it as it is"),
  };
}

/** A button's name among the actions of its message; its value alone says what it is. */
export function actionOf(id: string): string {
  return `press:${id}`.slice(0, limits.actionId);
}

/** The whole card as lines of text. */
function lines(card: DrawnCard): readonly string[] {
  const word = card.state && `${icons[card.state.tone]} ${line(card.state.word, 60)}`;
  const says = short(card.says ?? "", 1500).trim();
  const all = card.changes ?? [];
  return [
    line(card.title, limits.header),
    [word, says].filter((part) => part !== undefined && part !== "").join(": "),
    ...all.slice(0, shownChanges).map((change) => `• ${changed(change)}`),
    all.length > shownChanges ? `• ${folded(all.length - shownChanges)}` : "",
    Object.entries(card.fields ?? {})
      .slice(0, 10)
      .map(([name, value]) => `${line(name, 60)} ${line(value, 200)}`)
      .join(" · "),
    (card.facts ?? [])
      .slice(0, 10)
      .map((fact) => line(fact, 150))
      .join(" · "),
    card.progress === undefined ? "" : bar(card.progress),
    card.chart === undefined ? "" : spark(card.chart),
    card.rows?.length || card.columns?.length ? table(card, 1000) : "",
    card.code === undefined ? "" : tail(card.code.text, 1000).text,
    card.buttons.length === 0
      ? ""
      : `Buttons: ${card.buttons
          .slice(0, shownButtons)
          .map(({ label }) => line(label, limits.buttonText))
          .join(", ")}`,
  ].filter((part) => part !== "");
}

/** What is left for one block of text, given the room in the message: JSON may double what it holds. */
function within(room: number): number {
  return Math.max(100, Math.min(limits.section, Math.floor(room / 2) - 200));
}

function size(blocks: readonly types.KnownBlock[]): number {
  return JSON.stringify(blocks).length;
}

function webAddress(url: string): string | undefined {
  const parsed = URL.parse(url);
  if (parsed === null || !["http:", "https:"].includes(parsed.protocol)) return undefined;
  return parsed.href.length > 500 ? undefined : parsed.href;
}

function rich(elements: types.RichTextBlockElement[]): types.KnownBlock {
  return { type: "rich_text", elements };
}

function section(elements: types.RichTextElement[]): types.RichTextSection {
  return { type: "rich_text_section", elements };
}

function preformatted(shown: string): types.KnownBlock {
  return rich([{ type: "rich_text_preformatted", elements: [{ type: "text", text: shown }] }]);
}

function text(shown: string): types.RichTextText {
  return { type: "text", text: shown };
}

function bold(shown: string): types.RichTextText {
  return { type: "text", text: shown, style: { bold: true } };
}

function small(texts: readonly string[]): types.KnownBlock {
  return { type: "context", elements: texts.map(plainText) };
}

/** A line that notifies these people, by their ids. */
export function mentions(accounts: readonly string[]): types.KnownBlock {
  const people = accounts
    .slice(0, 20)
    .flatMap((id): types.RichTextElement[] => [{ type: "user", user_id: id }, text(" ")]);
  return rich([section(people)]);
}

/** Text that Slack shows as it is, with no mention, link or emoji in it. */
export function plainText(shown: string): types.PlainTextElement {
  return { type: "plain_text", text: shown, emoji: false };
}
