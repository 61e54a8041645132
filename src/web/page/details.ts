/** The right: a run's plan with its diff, its timeline, and its log as it is written. */
import { html } from "htm/preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api, sentence } from "./api.ts";
import { diff } from "./diff.ts";
import { Icon, StateBadge } from "./icons.ts";
import { ago, ahead, exactly, span } from "./time.ts";
import type { Change, Json, Person, Plan, RunDetails } from "./types.ts";

const tabs = ["Plan", "Timeline", "Log"] as const;
type Tab = (typeof tabs)[number];

export function Details({
  run: id,
  as,
  turn,
  people,
  close,
}: {
  run: string;
  as: string;
  turn: number;
  people: readonly Person[];
  close: () => void;
}) {
  const [run, setRun] = useState<RunDetails>();
  const [wrong, setWrong] = useState<string>();
  const [tab, setTab] = useState<Tab>("Plan");
  useEffect(() => {
    let current = true;
    api.run(id).then(
      (found) => {
        if (!current) return;
        setRun(found);
        setWrong(undefined);
      },
      (error: unknown) => current && setWrong(sentence(error)),
    );
    return () => {
      current = false;
    };
  }, [id, turn]);
  const key = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      event.preventDefault();
      close();
    }
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0 || !(event.target instanceof Element) || event.target.role !== "tab") return;
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length] ?? tab;
    setTab(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return html`
    <aside class="details" aria-label="Details of the run" onKeyDown=${key}>
      <header class="top">
        <button class="plain back" aria-label="Back" onClick=${close}><${Icon} name="back" /></button>
        <h2>${run === undefined ? "Run" : run.title}</h2>
        <button class="plain x" aria-label="Close details" onClick=${close}><${Icon} name="close" /></button>
      </header>
      ${wrong !== undefined && html`<p class="notice bad" role="alert">${wrong}</p>`}
      ${
        run !== undefined &&
        html`
          <div class="facts">
            <${StateBadge} state=${run.state} />
            <span>run ${run.number}</span>
            <span>${run.ended === null ? `asked ${ago(run.at)}` : `took ${span(run.at, run.ended)}`}</span>
          </div>
          <div class="tabs" role="tablist" aria-label="Details">
            ${tabs.map(
              (name) => html`
                <button role="tab" id=${`tab-${name}`} aria-selected=${name === tab} aria-controls="tab-panel"
                  tabindex=${name === tab ? 0 : -1} onClick=${() => setTab(name)}>${name}</button>`,
            )}
          </div>
          <div class="panel" role="tabpanel" id="tab-panel" aria-labelledby=${`tab-${tab}`} tabindex="0">
            ${tab === "Plan" && html`<${PlanView} run=${run} people=${people} />`}
            ${tab === "Timeline" && html`<${Timeline} run=${run} />`}
            ${tab === "Log" && html`<${Log} run=${run} as=${as} />`}
          </div>`
      }
    </aside>`;
}

function PlanView({ run, people }: { run: RunDetails; people: readonly Person[] }) {
  const name = (id: string) => people.find((person) => person.id === id)?.name ?? id;
  const { plan } = run;
  if (plan === null) return html`<p class="soft">Nothing is planned yet.</p>`;
  const votes = run.votes.filter((vote) => vote.withdrawn === null && vote.digest === plan.digest);
  return html`
    <dl class="pairs">
      <dt>Digest</dt><dd><code title=${plan.digest}>${plan.digest.slice(0, 8)}</code></dd>
      <dt>Asked by</dt><dd>${name(run.by)}, ${ago(run.at)}</dd>
      <dt>Needs</dt><dd>${needs(plan, name)}</dd>
      ${
        votes.length > 0 &&
        html`<dt>Votes</dt><dd>${votes.map(
          ({ person, vote, why }) =>
            html`<span>${name(person)} ${vote === "yes" ? "approved" : "rejected"}${why ? `: “${why}”` : ""}</span><br />`,
        )}</dd>`
      }
      ${plan.state === "open" && plan.expires !== null && html`<dt>Expires</dt><dd title=${exactly(plan.expires)}>${ahead(plan.expires)}</dd>`}
      ${plan.state === "void" && html`<dt>Counts</dt><dd>No more${plan.why ? `: ${plan.why}` : ""}</dd>`}
    </dl>
    <ol class="acts">
      ${plan.acts.map(
        (act) => html`
          <li>
            <p class="act"><strong>${act.says}</strong></p>
            <p class="soft">${[act.on.join(", "), `by ${act.provider}`, act.timeout && `at most ${act.timeout}`].filter(Boolean).join(" · ")}</p>
            ${act.same && act.kind === "effect" && html`<p class="soft">Nothing to change.</p>`}
            ${act.changes.map((change) => html`<${Diff} change=${change} />`)}
            ${act.irreversible !== null && html`<p class="irreversible"><${Icon} name="bad" />Cannot be taken back: ${act.irreversible}</p>`}
          </li>`,
      )}
    </ol>`;
}

function needs(plan: Plan, name: (id: string) => string): string {
  if (plan.needs.length === 0) return `nobody: ${plan.rule}`;
  return plan.needs
    .map(({ of, count, people }) => `${count} of ${of} (${people.map(name).join(", ")})`)
    .join(" and ");
}

function Diff({ change }: { change: Change }) {
  const lines = diff(linesOf(change.from), linesOf(change.to));
  const sign = { same: " ", gone: "−", new: "+" } as const;
  const word = { same: "", gone: "before: ", new: "after: " } as const;
  return html`
    <figure class="diff">
      <figcaption>${change.of}${change.field === undefined ? "" : ` · ${change.field}`}</figcaption>
      <pre>${lines.map(
        ({ is, text }) =>
          html`<span class=${is}><span aria-hidden="true">${sign[is]} </span><span class="unseen">${word[is]}</span>${text}</span>`,
      )}</pre>
    </figure>`;
}

function linesOf(value: Json): readonly string[] {
  if (value === null) return [];
  return (typeof value === "object" ? JSON.stringify(value, null, 2) : String(value)).split("\n");
}

function Timeline({ run }: { run: RunDetails }) {
  return html`
    <ol class="timeline">
      ${run.timeline.map(
        ({ at, says, tone, detail }) => html`
          <li class=${tone}>
            <p>${says} <time datetime=${new Date(at).toISOString()} title=${exactly(at)}>${ago(at)}</time></p>
            ${detail !== undefined && html`<p class="soft">${detail}</p>`}
          </li>`,
      )}
      ${run.ended === null && html`<li class="busy now"><p>${run.says || "Under way"}</p></li>`}
    </ol>`;
}

/** How many lines are kept on the page. */
const kept = 2_000;

function Log({ run, as }: { run: RunDetails; as: string }) {
  const [lines, setLines] = useState<readonly string[]>([]);
  const [end, setEnd] = useState<string>();
  const box = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    setLines([]);
    setEnd(undefined);
    const source = new EventSource(
      `/api/v1/console/runs/${encodeURIComponent(run.id)}/log?${new URLSearchParams({ as })}`,
    );
    source.addEventListener("open", () => setLines([]));
    source.addEventListener("lines", (event) => {
      const more: readonly string[] = JSON.parse(event.data).lines;
      setLines((before) => [...before, ...more].slice(-kept));
    });
    source.addEventListener("end", (event) => {
      source.close();
      setEnd(JSON.parse(event.data).says);
    });
    return () => source.close();
  }, [run.id, as]);
  useEffect(() => {
    const element = box.current;
    if (element !== null && atEnd.current) element.scrollTop = element.scrollHeight;
  }, [lines]);
  const scrolled = (): void => {
    const element = box.current;
    if (element === null) return;
    atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 24;
  };
  return html`
    ${
      lines.length > 0
        ? html`<pre class="code log" ref=${box} tabindex="0" aria-label="Log" onScroll=${scrolled}>${lines.join("\n")}</pre>`
        : html`<p class="soft">${end === undefined ? "Waiting for the first line." : end || "Nothing was written."}</p>`
    }
    ${lines.length > 0 && html`<p class="soft">${end === undefined ? "Live" : end || "The end."}</p>`}`;
}
