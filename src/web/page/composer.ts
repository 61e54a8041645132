/** Where one types: Enter sends, Tab takes what is offered, Up brings the last one back. It teaches the grammar. */
import { html } from "htm/preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { api } from "./api.ts";
import { Icon } from "./icons.ts";
import type { Completion, Person } from "./types.ts";

/** How it could go on, and the text that this is for: another one than stands there while an answer is awaited. */
type Offer = Completion & { readonly of: string };
const nothing: Offer = { of: "", from: 0, items: [], usage: [], summary: "" };

export function Composer({
  as,
  channel,
  say,
  draft,
  drafted,
  wrong,
}: {
  as: Person | undefined;
  channel: string;
  say: (text: string) => Promise<boolean>;
  draft: { readonly text: string } | undefined;
  /** The draft stands in the box: it is not put there again. */
  drafted: () => void;
  wrong: string | undefined;
}) {
  const box = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState("");
  const [offer, setOffer] = useState<Offer>(nothing);
  const [chosen, setChosen] = useState(0);
  const [open, setOpen] = useState(false);
  const [back, setBack] = useState(-1);
  const said = useRef<string[]>(remembered());
  /** The text on which Tab was pressed before its answer came: it takes the first of what is offered then. */
  const eager = useRef<string>(undefined);
  /** What goes out, in the order in which it was sent. Where one fails those behind it are not sent either. */
  const line = useRef<{ readonly words: string; readonly go: () => Promise<boolean> }[]>([]);

  useEffect(() => box.current?.focus({ preventScroll: true }), [channel]);
  // Before anything else is pressed: whoever clicks and then presses Enter sends what they clicked.
  useLayoutEffect(() => {
    if (draft === undefined) return;
    eager.current = undefined;
    setText(draft.text);
    setOpen(true);
    box.current?.focus();
    drafted();
  }, [draft]);
  useEffect(() => {
    const stop = new AbortController();
    if (as === undefined || text.includes("\n")) return setOffer({ ...nothing, of: text });
    api
      .complete(as.id, text, stop.signal)
      .then((found) => {
        const [first] = found.items;
        if (eager.current === text && first !== undefined)
          type(text.slice(0, found.from) + first.value);
        setOffer({ ...found, of: text });
        setChosen(0);
      })
      .catch(() => {
        if (!stop.signal.aborted) setOffer({ ...nothing, of: text });
      });
    return () => stop.abort();
  }, [text, as?.id]);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    element.style.height = "auto";
    if (text !== "") element.style.height = `${Math.min(160, element.scrollHeight)}px`;
  }, [text]);

  const awaited = text !== "" && offer.of !== text;
  // What is offered for the word that is being typed stays until the next answer comes.
  const fits =
    !awaited ||
    (text.startsWith(offer.of.slice(0, offer.from)) && !/\s/.test(text.slice(offer.from)));
  const items = open && text !== "" && fits ? offer.items : [];
  const type = (words: string): void => {
    eager.current = undefined;
    setText(words);
  };
  const take = (value: string): void => {
    type(text.slice(0, offer.from) + value);
    setBack(-1);
    box.current?.focus();
  };
  const send = (): void => {
    const words = text.trim();
    if (words === "" || as === undefined) return;
    setOpen(false);
    type("");
    setBack(-1);
    said.current = [words, ...said.current.filter((one) => one !== words)].slice(0, 50);
    sessionStorage.setItem("said", JSON.stringify(said.current));
    line.current.push({ words, go: () => say(words) });
    if (line.current.length === 1) void goOn();
  };
  const goOn = async (): Promise<void> => {
    for (let next = line.current[0]; next !== undefined; next = line.current[0]) {
      if (!(await next.go())) {
        const unsent = line.current.splice(0).map((one) => one.words);
        setText((now) => [...unsent, now].filter((words) => words !== "").join("\n"));
        return;
      }
      line.current.shift();
    }
  };
  const recall = (to: number): boolean => {
    const words = to < 0 ? "" : said.current[to];
    if (words === undefined || to < -1) return false;
    setBack(to);
    type(words);
    setOpen(false);
    return true;
  };
  const key = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    const item = items[chosen];
    const recalling = text === "" || back >= 0;
    const handled = (): void => event.preventDefault();
    if (event.key === "Enter" && !event.shiftKey) {
      handled();
      send();
    } else if (
      event.key === "Tab" &&
      !event.shiftKey &&
      open &&
      awaited &&
      eager.current !== text
    ) {
      handled();
      eager.current = text;
    } else if (event.key === "Tab" && !event.shiftKey && item !== undefined && !awaited) {
      handled();
      take(item.value);
    } else if (event.key === "Escape" && (items.length > 0 || eager.current !== undefined)) {
      handled();
      eager.current = undefined;
      setOpen(false);
    } else if (event.key === "ArrowUp" && recalling) {
      if (recall(back + 1)) handled();
    } else if (event.key === "ArrowDown" && back >= 0) {
      if (recall(back - 1)) handled();
    } else if (event.key === "ArrowUp" && items.length > 0) {
      handled();
      setChosen((chosen + items.length - 1) % items.length);
    } else if (event.key === "ArrowDown" && items.length > 0) {
      handled();
      setChosen((chosen + 1) % items.length);
    }
  };
  return html`
    <form class="composer" onSubmit=${(event: Event) => {
      event.preventDefault();
      send();
    }}>
      ${
        items.length > 0 &&
        html`<ul class="offer" role="listbox" id="offer" aria-label="How it could go on">
          ${items.map(
            ({ value, hint }, at) => html`
              <li role="option" id=${`offer-${at}`} aria-selected=${at === chosen}
                onMouseDown=${(event: Event) => event.preventDefault()} onClick=${() => take(value)}>
                <code>${value.trim()}</code><span>${hint}</span>${at === chosen && html`<kbd>Tab</kbd>`}
              </li>`,
          )}
        </ul>`
      }
      <div class="box">
        <textarea id="composer" ref=${box} rows="1" value=${text} spellcheck=${false} autocomplete="off"
          autocapitalize="off" role="combobox" aria-autocomplete="list" aria-expanded=${items.length > 0}
          aria-controls="offer" aria-activedescendant=${items.length > 0 ? `offer-${chosen}` : undefined}
          aria-label=${`Message in ${channel}${as === undefined ? "" : ` as ${as.name}`}`} aria-describedby="usage"
          placeholder="Try: deploy web 1.4.2 to production"
          onInput=${(event: Event) => {
            if (event.target instanceof HTMLTextAreaElement) type(event.target.value);
            setOpen(true);
            setBack(-1);
          }}
          onBlur=${() => {
            eager.current = undefined;
            setOpen(false);
          }} onFocus=${() => setOpen(true)} onKeyDown=${key} />
        <button class="send" aria-label="Send" disabled=${text.trim() === ""}><${Icon} name="send" /></button>
      </div>
      <div class="usage" id="usage">
        ${
          wrong !== undefined
            ? html`<p class="wrong" role="alert">${wrong}</p>`
            : offer.usage.length > 0 && text !== ""
              ? html`<p>${offer.usage.map(
                  ({ text: piece, is, optional }) =>
                    html`<span class=${is}>${optional && is !== "done" ? `[${piece}]` : piece}</span> `,
                )}</p>`
              : html`<p class="keys"><kbd>Enter</kbd> sends <kbd>Tab</kbd> takes <kbd>↑</kbd> brings the last one back</p>`
        }
      </div>
    </form>`;
}

function remembered(): string[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem("said") ?? "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}
