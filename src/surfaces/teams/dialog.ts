/** Forms as dialogs (Teams' task modules) and as cards, and the words of answers to invokes. */
import type { Card, Form } from "../../core/card.ts";
import { line, plain } from "../../observe/text.ts";
import { type AdaptiveCard, adaptive } from "../adaptive/adaptive.ts";
import type { Element } from "../adaptive/element.ts";
import { fields } from "../adaptive/form.ts";
import { attachment } from "./draw.ts";

/** What a button carries through a client and back, besides what people fill in. */
export type Carried =
  | { readonly say: string }
  | { readonly form: Form }
  | { readonly again: string };

/** A dialog with the form; what was wrong with the last try stands at its field. */
export function dialogOf(form: Form) {
  return dialog(form.title, formCard(form, "Action.Submit"));
}

/** A dialog that has only the way on in it: the form was not ready in time. */
export function dialogToWaitIn(key: string) {
  return dialog(
    "One moment",
    cardOf(
      [text("This takes a little longer than usual.")],
      [submit("Action.Submit", "Go on", { again: key })],
    ),
  );
}

/** A dialog that says one thing. */
export function dialogSays(says: string) {
  return { task: { type: "message", value: plain(says).slice(0, 1000) } };
}

/**
 * The form as a card, for the one who clicked: nothing opens a dialog after a click on an
 * Action.Execute, but the answer may be a card that this person alone sees.
 */
export function formCard(
  form: Form,
  action: "Action.Submit" | "Action.Execute" = "Action.Execute",
): AdaptiveCard {
  const { body } = adaptive({
    title: form.title,
    ...(form.says === undefined ? {} : { says: form.says }),
    buttons: [],
  });
  return cardOf([...body, ...fields(form)], [submit(action, form.submit, { form })]);
}

/** A card with the button that opens a dialog, for those who typed: only a click opens one. */
export function offerCard(card: Pick<Card, "title" | "says">, own: Carried): AdaptiveCard {
  const { body } = adaptive({ ...card, buttons: [] });
  const action = submit("Action.Submit", "Fill it in", own);
  return cardOf(body, [{ ...action, data: { ...data(own), msteams: { type: "task/fetch" } } }]);
}

/** A word to whoever clicked; what stands on the card stays there. */
export function toast(says: string) {
  return {
    statusCode: 200,
    type: "application/vnd.microsoft.activity.message",
    value: line(plain(says), 500),
  };
}

/** Another card in the place of the one that was clicked, for the one who clicked. */
export function instead(card: object) {
  return { statusCode: 200, type: attachment({}).contentType, value: card };
}

/** A click that was not taken. */
export function notTaken(statusCode: 403 | 500, message: string) {
  return {
    statusCode,
    type: "application/vnd.microsoft.error",
    value: { code: statusCode === 403 ? "Forbidden" : "NotTaken", message },
  };
}

/** A card's sentence alone. */
export function sentenceOf({ title, says }: Pick<Card, "title" | "says">): string {
  return [title, says].filter(Boolean).join(" ");
}

function dialog(title: string, card: AdaptiveCard) {
  const value = {
    title: line(title, 80),
    height: "medium",
    width: "medium",
    card: attachment(card),
  };
  return { task: { type: "continue", value } };
}

function submit(type: "Action.Submit" | "Action.Execute", title: string, own: Carried): Element {
  const verb = type === "Action.Execute" ? { verb: "press" } : {};
  const both = { title: line(title, 80), data: data(own), style: "positive" };
  const older = type === "Action.Execute" ? { fallback: { type: "Action.Submit", ...both } } : {};
  return { type, ...verb, ...both, ...older };
}

function data(own: Carried) {
  return { shipmate: own };
}

function text(says: string): Element {
  return { type: "TextBlock", text: says, wrap: true };
}

function cardOf(body: readonly Element[], actions: readonly Element[]): AdaptiveCard {
  return {
    type: "AdaptiveCard",
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    version: "1.5",
    body: [...body, { type: "ActionSet", actions }],
  };
}
