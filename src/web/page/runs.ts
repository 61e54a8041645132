/** Runs, the newest first. */
import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { api, sentence } from "./api.ts";
import { StateBadge } from "./icons.ts";
import { ago, exactly } from "./time.ts";
import type { Person, RunRow } from "./types.ts";

export function Runs({
  turn,
  open,
  chosen,
  people,
}: {
  turn: number;
  open: (run: string) => void;
  chosen: string | undefined;
  people: readonly Person[];
}) {
  const [runs, setRuns] = useState<readonly RunRow[]>();
  const [wrong, setWrong] = useState<string>();
  useEffect(() => {
    let current = true;
    api.runs().then(
      (found) => {
        if (!current) return;
        setRuns(found.runs);
        setWrong(undefined);
      },
      (error: unknown) => current && setWrong(sentence(error)),
    );
    return () => {
      current = false;
    };
  }, [turn]);
  const name = (id: string) => people.find((person) => person.id === id)?.name ?? id;
  return html`
    <div class="scroller">
      <div class="sheet">
        ${wrong !== undefined && html`<p class="notice bad" role="alert">${wrong}</p>`}
        ${runs?.length === 0 && html`<div class="empty"><h2>Nothing has run yet</h2><p>Say <code>deploy web 1.4.2 to production</code> in a channel.</p></div>`}
        <ul class="runs">
          ${runs?.map(
            (run) => html`
              <li>
                <button class=${`run ${run.id === chosen ? "chosen" : ""}`} onClick=${() => open(run.id)}>
                  <span class="title">${run.title}</span>
                  <${StateBadge} state=${run.state} />
                  <span class="soft">run ${run.number} · ${name(run.by)} · <time title=${exactly(run.at)}>${ago(run.at)}</time></span>
                  ${run.says && html`<span class="says">${run.says}</span>`}
                </button>
              </li>`,
          )}
        </ul>
      </div>
    </div>`;
}
