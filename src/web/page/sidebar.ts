/** The left: channels, then what waits for me, services and runs. */
import { html } from "htm/preact";
import { Icon } from "./icons.ts";
import { address } from "./place.ts";
import type { Channel } from "./types.ts";

const views = [
  { view: ":waiting", title: "Waiting for me", icon: "waiting" },
  { view: ":services", title: "Services", icon: "services" },
  { view: ":runs", title: "Runs", icon: "runs" },
] as const;

export function titleOf(view: string): string {
  return views.find((one) => one.view === view)?.title ?? view;
}

export function Sidebar({
  channels,
  view,
  unread,
  waiting,
  go,
}: {
  channels: readonly Channel[];
  view: string;
  unread: ReadonlySet<string>;
  waiting: number;
  go: (view: string) => void;
}) {
  const link = (to: string, icon: string, title: string, more: unknown) => html`
    <li>
      <a href=${address({ view: to, run: undefined })} aria-current=${to === view ? "page" : undefined}
        class=${unread.has(to) && to !== view ? "unread" : ""}
        onClick=${(event: Event) => {
          event.preventDefault();
          go(to);
        }}>
        <${Icon} name=${icon} /><span>${title}</span>${more}
      </a>
    </li>`;
  return html`
    <nav class="side" aria-label="Channels and views">
      <p class="brand"><img src="/assets/mark.svg" alt="" width="24" height="24" />Shipmate</p>
      <h2>Channels</h2>
      <ul>
        ${channels.map(({ name }) =>
          link(
            name,
            "hash",
            name,
            unread.has(name) &&
              name !== view &&
              html`<span class="dot" aria-label="new messages" />`,
          ),
        )}
      </ul>
      <h2>Platform</h2>
      <ul>
        ${views.map((one) =>
          link(
            one.view,
            one.icon,
            one.title,
            one.view === ":waiting" && waiting > 0 && html`<span class="count">${waiting}</span>`,
          ),
        )}
      </ul>
    </nav>`;
}
