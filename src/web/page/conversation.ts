/** The middle: messages in the order in which they came. It stays at the end unless one has scrolled up. */
import { html } from "htm/preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icons.ts";
import { MessageRow } from "./message.ts";
import type { Message, Person } from "./types.ts";

export function Conversation({
  messages,
  people,
  view,
  as,
  press,
  open,
  chosen,
  wrong,
  suggest,
}: {
  messages: readonly Message[] | undefined;
  people: readonly Person[];
  view: string;
  as: string;
  press: (messageId: string, button: string, label: string, question?: string) => Promise<void>;
  open: (run: string) => void;
  chosen: string | undefined;
  wrong: { readonly at: string; readonly says: string } | undefined;
  suggest: (text: string) => void;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const last = useRef(0);
  const [below, setBelow] = useState(false);
  const [, setMinute] = useState(0);

  const toEnd = (): void => {
    const element = scroller.current;
    if (element !== null) element.scrollTop = element.scrollHeight;
  };
  const newest = messages?.at(-1);
  useLayoutEffect(() => {
    if (newest?.author === as) atEnd.current = true;
    if (atEnd.current) toEnd();
    else setBelow(true);
  }, [newest?.id]);
  useEffect(() => {
    const [inner, outer] = [content.current, scroller.current];
    if (inner === null || outer === null) return;
    // Cards grow when the renderer has drawn them; whoever reads the end stays there.
    const watch = new ResizeObserver(() => atEnd.current && toEnd());
    watch.observe(inner);
    watch.observe(outer);
    const timer = setInterval(() => setMinute((before) => before + 1), 30_000);
    return () => {
      watch.disconnect();
      clearInterval(timer);
    };
  }, []);
  const scrolled = (): void => {
    const element = scroller.current;
    if (element === null) return;
    // Only going up leaves the end: a card that grows at the end does not.
    if (element.scrollHeight - element.scrollTop - element.clientHeight < 32) atEnd.current = true;
    else if (element.scrollTop < last.current) atEnd.current = false;
    last.current = element.scrollTop;
    if (atEnd.current) setBelow(false);
  };
  return html`
    <div class="scroller" ref=${scroller} onScroll=${scrolled} tabindex="-1">
      <div class=${`conversation ${view.startsWith(":") ? "list" : ""}`} ref=${content} role="log" aria-live="off" aria-label=${`Messages in ${view.replace(":", "")}`}>
        ${messages?.length === 0 && html`<${Empty} view=${view} suggest=${suggest} />`}
        ${messages?.map(
          (message, at) => html`
            <${MessageRow} key=${message.id} message=${message} before=${messages[at - 1]} people=${people} as=${as}
              press=${press} open=${open} chosen=${chosen !== undefined && message.run === chosen}
              wrong=${wrong?.at === message.id ? wrong.says : undefined} />`,
        )}
      </div>
      ${
        below &&
        html`<button class="below" onClick=${() => {
          atEnd.current = true;
          setBelow(false);
          toEnd();
        }}><${Icon} name="down" />New messages</button>`
      }
    </div>`;
}

const first = ["deploy web 1.4.2 to production", "services", "help"];

function Empty({ view, suggest }: { view: string; suggest: (text: string) => void }) {
  if (view === ":waiting")
    return html`
      <div class="empty">
        <h2>Nothing waits for you</h2>
        <p>When somebody asks for a change that you may approve, it shows up here.</p>
      </div>`;
  return html`
    <div class="empty">
      <img src="/assets/mark.svg" alt="" width="48" height="48" />
      <h2>Say what you want to run where</h2>
      <p>You see what would change before anything does, and somebody approves exactly that. Try one of these:</p>
      <ul>
        ${first.map(
          (text) =>
            html`<li><button class="say" onClick=${() => suggest(text)}><code>${text}</code></button></li>`,
        )}
      </ul>
    </div>`;
}
