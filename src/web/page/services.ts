/** What runs where, as a grid. */
import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { api, sentence } from "./api.ts";
import { Icon } from "./icons.ts";
import { span } from "./time.ts";
import type { Services as Found, Running } from "./types.ts";

export function Services({
  as,
  turn,
  deploy,
}: {
  as: string;
  turn: number;
  deploy: (text: string) => void;
}) {
  const [found, setFound] = useState<Found>();
  const [wrong, setWrong] = useState<string>();
  useEffect(() => {
    if (as === "") return;
    let current = true;
    const read = () =>
      api.services(as).then(
        (now) => {
          if (!current) return;
          setFound(now);
          setWrong(undefined);
        },
        (error: unknown) => current && setWrong(sentence(error)),
      );
    void read();
    const timer = setInterval(() => void read(), 10_000);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [as, turn]);
  return html`
    <div class="scroller">
      <div class="sheet">
        ${wrong !== undefined && html`<p class="notice bad" role="alert">${wrong}</p>`}
        ${
          found !== undefined &&
          html`
          <table class="grid">
            <caption class="unseen">What runs where</caption>
            <thead><tr>
              <th scope="col">Service</th>
              ${found.environments.map(
                ({ name, approval }) =>
                  html`<th scope="col">${name}<span class="soft">${approval}</span></th>`,
              )}
              <th><span class="unseen">Actions</span></th>
            </tr></thead>
            <tbody>
              ${found.services.map(
                ({ name, owner, says, running }) => html`
                  <tr>
                    <th scope="row">${name}<span class="soft">${[says, owner].filter(Boolean).join(" · ")}</span></th>
                    ${running.map((one) => html`<td data-environment=${one.environment}><${Cell} running=${one} /></td>`)}
                    <td><button onClick=${() => deploy(`deploy ${name} `)}>Deploy<span class="unseen"> ${name}</span></button></td>
                  </tr>`,
              )}
            </tbody>
          </table>`
        }
      </div>
    </div>`;
}

function Cell({ running }: { running: Running }) {
  const { version, ready = 0, of = 0, url, since, why, unknown } = running;
  if (unknown !== undefined)
    return html`<span class="badge calm"><${Icon} name="calm" />Unknown</span><span class="soft">${unknown}</span>`;
  if (version === null || version === undefined) return html`<span class="soft">not running</span>`;
  const well = why === undefined && ready >= of;
  const safe = url !== null && url !== undefined && /^https?:\/\//.test(url) ? url : undefined;
  return html`
    <span class=${`badge ${well ? "good" : "bad"}`}><${Icon} name=${well ? "good" : "bad"} /><code>${version}</code></span>
    <span class="soft">${why ?? `${ready} of ${of} ready${since ? ` for ${span(since, Date.now())}` : ""}`}</span>
    ${safe !== undefined && html`<a href=${safe} target="_blank" rel="noopener noreferrer">Open<${Icon} name="open" /></a>`}`;
}
