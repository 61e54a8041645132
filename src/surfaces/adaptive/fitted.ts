/** Keeps a card within a surface's size: what people need to decide stays, what they can look up goes first. */
import type { DrawnCard, Form } from "../../core/card.ts";
import { type AdaptiveCard, adaptive } from "./adaptive.ts";

/** Teams answers "message too big" from about 100 kB of UTF-16 on; 80 kB is what its documentation asks for. */
export const budget = 80_000;

/** The card as JSON of at most `limit` bytes of UTF-16, cut step by step; every cut says so in the card. */
export function fitted(card: DrawnCard, form?: Form, limit: number = budget): AdaptiveCard {
  // What is far too large is not even drawn: drawing must not take longer the more there is.
  const worth = isWithin(card, limit) ? cuts : cuts.slice(1);
  for (const cut of worth) {
    const drawn = adaptive(cut(card), form);
    if (JSON.stringify(drawn).length * 2 <= limit) return drawn;
  }
  return adaptive(barest(card), undefined);
}

/** Whether the card fits as it is, so that nothing of it is cut. */
export function isWhole(card: DrawnCard, form?: Form, limit: number = budget): boolean {
  return isWithin(card, limit) && JSON.stringify(adaptive(card, form)).length * 2 <= limit;
}

/** Whether all texts together have at most so many characters; stops counting there. */
function isWithin(card: DrawnCard, most: number): boolean {
  let left = most;
  const count = (it: unknown): boolean => {
    if (typeof it === "string") left -= it.length;
    else if (typeof it === "object" && it !== null) {
      for (const one of Object.values(it)) if (!count(one)) return false;
      left -= 2;
    } else left -= 1;
    return left >= 0;
  };
  return count(card);
}

/** From gentle to harsh. Buttons, state and title are never cut away. */
const cuts: readonly ((card: DrawnCard) => DrawnCard)[] = [
  (card) => card,
  (card) => shorter(card, { code: 4_000, rows: 100, changes: 50, points: 200, text: 3_000 }),
  (card) => shorter(card, { code: 1_500, rows: 20, changes: 20, points: 60, text: 1_000 }),
  (card) => shorter(card, { code: 400, rows: 5, changes: 5, points: 20, text: 300 }),
];

interface Limits {
  readonly code: number;
  readonly rows: number;
  readonly changes: number;
  readonly points: number;
  readonly text: number;
}

function shorter(card: DrawnCard, limits: Limits): DrawnCard {
  const { code, rows, changes, chart, facts = [] } = card;
  const text = (value: string) => ellipsis(value, limits.text);
  const hidden = [
    left("changes", changes?.length, limits.changes),
    left("rows", rows?.length, limits.rows),
    (code?.text.length ?? 0) > limits.code ? "the text is only the end of it" : undefined,
  ].filter((note) => note !== undefined);
  return {
    ...card,
    title: text(card.title),
    ...(card.state === undefined ? {} : { state: { ...card.state, word: text(card.state.word) } }),
    ...(card.says === undefined ? {} : { says: text(card.says) }),
    ...(changes === undefined
      ? {}
      : {
          changes: changes.slice(0, limits.changes).map((change) => ({
            what: text(change.what),
            ...(change.from === undefined ? {} : { from: text(change.from) }),
            ...(change.to === undefined ? {} : { to: text(change.to) }),
            ...(change.irreversible === undefined
              ? {}
              : { irreversible: text(change.irreversible) }),
          })),
        }),
    ...(card.fields === undefined
      ? {}
      : {
          fields: Object.fromEntries(
            Object.entries(card.fields)
              .slice(0, limits.rows)
              .map(([name, value]) => [text(name), text(value)]),
          ),
        }),
    ...(rows === undefined ? {} : { rows: rows.slice(0, limits.rows).map((row) => row.map(text)) }),
    ...(code === undefined ? {} : { code: { ...code, text: tail(code.text, limits.code) } }),
    ...(chart === undefined
      ? {}
      : { chart: { ...chart, points: thinned(chart.points, limits.points) } }),
    facts: [...facts.slice(0, limits.rows).map(text), ...hidden],
    ...(card.links === undefined ? {} : { links: card.links.slice(0, limits.changes) }),
  };
}

/** What is left when nothing else fits: what it is, how it stands, what one can press. */
function barest({ title, state, says, buttons }: DrawnCard): DrawnCard {
  return {
    title: ellipsis(title, 300),
    ...(state === undefined ? {} : { state: { ...state, word: ellipsis(state.word, 100) } }),
    ...(says === undefined ? {} : { says: ellipsis(says, 300) }),
    facts: ["shortened"],
    buttons: buttons.slice(0, 6),
  };
}

function ellipsis(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}

/** The end of a log is what says why. */
function tail(text: string, limit: number): string {
  return text.length <= limit ? text : `…${text.slice(text.length - limit + 1)}`;
}

function left(what: string, count = 0, limit: number): string | undefined {
  return count > limit ? `${count - limit} more ${what} are not shown here` : undefined;
}

function thinned<T>(points: readonly T[], limit: number): readonly T[] {
  const step = Math.ceil(points.length / limit);
  return points.filter((_, at) => at % step === 0 || at === points.length - 1);
}
