/** One message: somebody's own words, or a card. */
import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { CardView } from "./card.ts";
import { Icon } from "./icons.ts";
import { Avatar } from "./people.ts";
import { ago, clock, exactly } from "./time.ts";
import type { Message, Person } from "./types.ts";

/** Messages of one author within this many milliseconds stand under one name. */
const together = 5 * 60_000;

export function MessageRow({
  message,
  before,
  people,
  as,
  press,
  open,
  chosen,
  wrong,
}: {
  message: Message;
  before: Message | undefined;
  people: readonly Person[];
  as: string;
  press: (messageId: string, button: string, label: string, question?: string) => Promise<void>;
  open: (run: string) => void;
  chosen: boolean;
  wrong: string | undefined;
}) {
  const [busy, setBusy] = useState(false);
  const name =
    message.author === null
      ? "Shipmate"
      : (people.find(({ id }) => id === message.author)?.name ?? message.author);
  const joined =
    before !== undefined && before.author === message.author && message.at - before.at < together;
  const run = message.run;
  const pressed = async (button: string, label: string, question?: string): Promise<void> => {
    setBusy(true);
    await press(message.id, button, label, question);
    setBusy(false);
  };
  return html`
    <article class=${`message ${joined ? "joined" : ""} ${message.author === as ? "mine" : ""}`}
      aria-label=${`${name}: ${message.text}`} data-message=${message.id}>
      ${
        joined
          ? html`<span class="gutter" />`
          : message.author === null
            ? html`<img class="gutter" src="/assets/mark.svg" alt="" width="36" height="36" />`
            : html`<${Avatar} name=${name} />`
      }
      <div class="content">
        ${
          !joined &&
          html`<p class="by"><strong>${name}</strong>
            <time datetime=${new Date(message.at).toISOString()} title=${exactly(message.at)}>${
              Date.now() - message.at < 3_600_000 ? ago(message.at) : clock(message.at)
            }</time></p>`
        }
        ${
          message.card === null
            ? html`<p class="said">${message.text}</p>`
            : html`
              <div class=${`card ${isBrief(message) ? "brief" : ""} ${chosen ? "chosen" : ""} ${busy ? "busy" : ""}`} data-state=${message.card.state?.word}>
                ${message.private && html`<p class="private"><${Icon} name="lock" />Only you see this</p>`}
                <${CardView} message=${message} press=${pressed} />
                ${
                  run !== null &&
                  html`<button class="plain details-link" aria-expanded=${chosen} onClick=${() => open(run)}>Details</button>`
                }
              </div>`
        }
        ${wrong !== undefined && html`<p class="wrong" role="alert">${wrong}</p>`}
      </div>
    </article>`;
}

/** An answer of one sentence: it needs no heading and no frame around it. */
function isBrief({ card }: Message): boolean {
  if (card === null || card.buttons.length > 0) return false;
  const { title: _, buttons: __, ...rest } = card;
  return Object.keys(rest).length === 0;
}
