/**
 * A message as Teams' activity: one Adaptive Card and a summary for notifications.
 *
 * Text beside a card would become a second message, so a mention stands in the card, too.
 */
import type { DrawnCard } from "../../core/card.ts";
import type { OutMessage } from "../../core/surface.ts";
import { line } from "../../observe/text.ts";
import type { AdaptiveCard } from "../adaptive/adaptive.ts";
import type { Element } from "../adaptive/element.ts";
import { budget, fitted } from "../adaptive/fitted.ts";
import { verbatim } from "../adaptive/verbatim.ts";

/** What is drawn beside the message itself. */
export interface Around {
  /** Whom the message calls by a live mention. */
  readonly called: readonly { readonly id: string; readonly name: string }[];
  /**
   * Teams' ids of people whose clients come back with the message's id as soon as they show it. They get
   * the view that is theirs. None: everybody sees all buttons.
   */
  readonly viewers: readonly string[];
  /** Buttons that are for some readers are left out of what everybody sees. */
  readonly aimed: boolean;
  /** In bytes of UTF-16. */
  readonly limit?: number;
}

export interface OutActivity {
  readonly type: "message";
  readonly summary: string;
  readonly attachments: readonly [{ readonly contentType: string; readonly content: object }];
}

export function draw(message: OutMessage, around: Around): OutActivity {
  const limit = around.limit ?? budget;
  const plainly = carded(message, message.card, limit, around);
  // What comes back with a refresh is a card alone, so one with a form in it is not refreshed.
  if (around.viewers.length === 0 || message.form !== undefined)
    return activity(message.card, plainly);
  const base = around.aimed ? seenBy(message.card, undefined) : message.card;
  const refreshed = {
    ...carded(message, base, limit, around),
    refresh: {
      action: {
        type: "Action.Execute",
        title: "Refresh",
        verb: "refresh",
        data: { shipmate: { message: message.id, card: message.card } },
      },
      userIds: around.viewers.slice(0, most),
    },
  };
  const fits = JSON.stringify(refreshed).length * 2 <= limit;
  return activity(message.card, fits ? refreshed : plainly);
}

/** Teams has room for so many different views of one card. */
export const most = 60;

/** The card as one reader sees it: without the buttons that are for others. */
export function seenBy(card: DrawnCard, account: string | undefined): DrawnCard {
  const shown = card.buttons.filter(
    (button) => button.for === undefined || (account !== undefined && button.for.includes(account)),
  );
  return { ...card, buttons: shown };
}

/** The whole card for one reader. */
export function viewFor(card: DrawnCard, account: string): AdaptiveCard {
  return carded({}, seenBy(card, account), budget, { called: [] });
}

/** Everybody whom a button of the card is for. */
export function aimedAt(card: DrawnCard): readonly string[] {
  return [...new Set(card.buttons.flatMap((button) => button.for ?? []))];
}

export const cardType = "application/vnd.microsoft.card.adaptive";

/** A card that stands alone, in an invoke's answer or a dialog. */
export function attachment(content: object) {
  return { contentType: cardType, content };
}

function activity(card: DrawnCard, content: object): OutActivity {
  return { type: "message", summary: summary(card), attachments: [attachment(content)] };
}

function carded(
  { form }: Pick<OutMessage, "form">,
  card: DrawnCard,
  limit: number,
  { called }: Pick<Around, "called">,
): AdaptiveCard {
  // Mentions and the width come on top of what the renderer draws.
  const drawn = fitted(card, form, limit - 500 - called.length * 400);
  const names = called.map(({ id, name }) => ({ id, name: nameOf(name) }));
  return {
    ...drawn,
    body: names.length === 0 ? drawn.body : [mentions(names), ...drawn.body],
    msteams: {
      width: "Full",
      ...(names.length === 0
        ? {}
        : {
            entities: names.map(({ id, name }) => ({
              type: "mention",
              text: `<at>${name}</at>`,
              mentioned: { id, name },
            })),
          }),
    },
  };
}

function mentions(names: readonly { readonly name: string }[]): Element {
  return {
    type: "TextBlock",
    text: names.map(({ name }) => `<at>${name}</at>`).join(" "),
    wrap: true,
  };
}

/** A name in which nothing can be taken for markup or for the end of its mention. */
function nameOf(name: string): string {
  return line(name.replace(/[^\p{L}\p{M}\p{N} .'-]/gu, ""), 80) || "you";
}

/** One line for notifications and for readers that show no cards. */
function summary({ title, state, says }: DrawnCard): string {
  const rest = [state?.word, says].filter(Boolean).join(": ");
  return verbatim(line([line(title, 150), rest].filter(Boolean).join(". "), 400));
}
