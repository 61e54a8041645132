/** A card, drawn by the renderer; drawn anew only when it changed, without losing the focus or what was unfolded. */
import { html } from "htm/preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Renderer, renderer } from "./renderer.ts";
import type { Message } from "./types.ts";

/** Their newest lines stand at the end. */
const logs = "pre.code[data-language=log]";

/** Once loaded, every card is drawn in the same frame in which it arrives. */
let loaded: Renderer | undefined;

export function CardView({
  message,
  press,
}: {
  message: Message;
  press: (button: string, label: string, question?: string) => Promise<void>;
}) {
  const host = useRef<HTMLDivElement>(null);
  const latest = useRef(press);
  latest.current = press;
  const [cards, setCards] = useState(loaded);
  const json = JSON.stringify(message.adaptive);
  useLayoutEffect(() => {
    if (cards !== undefined) return;
    void renderer().then((ready) => {
      loaded = ready;
      setCards(ready);
    });
  }, []);
  useLayoutEffect(() => {
    const element = host.current;
    if (cards === undefined || element === null || message.adaptive === null) return;
    const drawn = cards.render(JSON.parse(json), (button, label, question) => {
      void latest.current(button, label, question);
    });
    if (drawn === undefined) return;
    const focused = focusedLabel(element);
    const unfolded = element.dataset["unfolded"] === "yes";
    const reading = readFrom(element);
    element.replaceChildren(drawn);
    for (const log of element.querySelectorAll(logs)) log.scrollTop = reading ?? log.scrollHeight;
    if (unfolded) button(element, (label) => label.startsWith("All "))?.click();
    if (focused !== undefined) button(element, (label) => label === focused)?.focus();
  }, [cards, json]);
  const clicked = (event: Event): void => {
    const label = event.target instanceof Element ? labelOf(event.target) : undefined;
    if (label?.startsWith("All ") && host.current !== null)
      host.current.dataset["unfolded"] = "yes";
  };
  return html`
    <div class="drawn" ref=${host} onClickCapture=${clicked}>
      ${cards === undefined && html`<h3>${message.card?.title}</h3><p>${message.card?.says}</p>`}
    </div>`;
}

/** How far down in a log one reads; undefined at its end, where the newest lines come. */
function readFrom(within: Element): number | undefined {
  const log = within.querySelector(logs);
  if (log === null || log.scrollTop + log.clientHeight >= log.scrollHeight - 4) return undefined;
  return log.scrollTop;
}
function focusedLabel(within: Element): string | undefined {
  const focused = document.activeElement;
  return focused !== null && within.contains(focused) ? labelOf(focused) : undefined;
}
function labelOf(element: Element): string | undefined {
  const marked = element.closest("[data-label]");
  return marked instanceof HTMLElement ? marked.dataset["label"] : undefined;
}
function button(within: Element, fits: (label: string) => boolean): HTMLElement | undefined {
  for (const one of within.querySelectorAll<HTMLElement>("[data-label]"))
    if (fits(one.dataset["label"] ?? "")) return one;
  return undefined;
}
