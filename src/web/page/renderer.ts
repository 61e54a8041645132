/** Microsoft's card renderer, loaded when the page stands, with the elements of ours that it lacks. */
import type * as Cards from "adaptivecards";
import { elements } from "./elements.ts";
import { hostConfig } from "./host-config.ts";

export interface Renderer {
  /** The card as an element. `press` gets the opaque id of a button, and the question it asks first. */
  render(
    json: object,
    press: (button: string, label: string, confirm?: string) => void,
  ): HTMLElement | undefined;
}

let loading: Promise<Renderer> | undefined;

/** Loads it once. */
export function renderer(): Promise<Renderer> {
  loading ??= import("adaptivecards").then(prepare);
  return loading;
}

function prepare(cards: typeof Cards): Renderer {
  cards.AdaptiveCard.onProcessMarkdown = (text, result) => {
    result.outputHtml = asHtml(text);
    result.didProcess = true;
  };
  elements(cards);
  const config = new cards.HostConfig(hostConfig);
  return {
    render(json, press) {
      const card = new cards.AdaptiveCard();
      card.hostConfig = config;
      card.onExecuteAction = (action) => execute(cards, action, press);
      card.parse(json);
      const element = card.render();
      if (element === undefined) return undefined;
      element.removeAttribute("tabindex");
      for (const action of card.getAllActions()) mark(cards, action);
      return element;
    },
  };
}

/** The only markdown there is: a backslash makes the next character plain. Everything becomes text. */
function asHtml(text: string): string {
  const plain = text.replace(/\\([!-/:-@[-`{-~])/g, "$1");
  const safe = plain.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return `<p>${safe.replaceAll("\n", "<br>")}</p>`;
}

function execute(
  cards: typeof Cards,
  action: Cards.Action,
  press: Parameters<Renderer["render"]>[1],
): void {
  if (action instanceof cards.OpenUrlAction) {
    const url = URL.parse(action.url ?? "");
    if (url?.protocol === "http:" || url?.protocol === "https:")
      window.open(url.href, "_blank", "noopener,noreferrer");
    return;
  }
  const label = action.title ?? "";
  if (action instanceof cards.ShowCardAction) {
    const [yes] = action.card.getAllActions();
    const question = action.card.getItemAt(0);
    const text = question instanceof cards.TextBlock ? (question.text ?? "") : "";
    const id = yes === undefined ? undefined : buttonOf(cards, yes);
    if (id !== undefined) press(id, label, text.replace(/\\([!-/:-@[-`{-~])/g, "$1"));
    return;
  }
  const id = buttonOf(cards, action);
  if (id !== undefined) press(id, label);
}

function buttonOf(cards: typeof Cards, action: Cards.Action): string | undefined {
  if (!(action instanceof cards.SubmitActionBase)) return undefined;
  const data: unknown = action.data;
  const id = typeof data === "object" && data !== null ? Reflect.get(data, "button") : undefined;
  return typeof id === "string" ? id : undefined;
}

/** Marks each button with its label, so that focus finds it again when the card is drawn anew. */
function mark(cards: typeof Cards, action: Cards.Action): void {
  const element = action.renderedElement;
  if (element === undefined) return;
  element.dataset["label"] = action.title ?? "";
  if (action instanceof cards.ShowCardAction) {
    element.removeAttribute("aria-expanded");
    element.setAttribute("aria-haspopup", "dialog");
  }
}
