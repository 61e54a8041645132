/** The cards of `status`: one service in one environment, or in all of them. */
import type { Card, RunView, Say } from "shipmate";
import deploy from "../deploy.ts";
import logs from "../logs.ts";
import rollback from "../rollback.ts";

interface Now {
  readonly version: string | null;
  readonly ready: number;
  readonly of: number;
  readonly url: string | null;
  readonly restarts: number;
  readonly why?: string | undefined;
}
interface Here {
  readonly service: string;
  readonly environment: string;
  readonly now: Now;
  readonly history: readonly {
    readonly version: string;
    readonly good: boolean;
    readonly at: number;
  }[];
  readonly open: readonly RunView[];
}

export function statusIn({ service, environment, now, history, open }: Here): Card {
  const at = { service, environment };
  return {
    title: `${service} in ${environment}`,
    state: stateOf(now),
    says: saysOf(now),
    fields: {
      ...(open.length > 0
        ? {
            "Under way": open
              .map((run) => `${run.title} (run ${run.number}, ${run.state})`)
              .join(", "),
          }
        : {}),
      ...(now.restarts > 0 ? { Restarts: String(now.restarts) } : {}),
    },
    columns: ["Release", "Was", "At"],
    rows: history
      .slice(0, 5)
      .map(({ version, good, at }) => [version, good ? "good" : "not healthy", timeText(at)]),
    links: now.url === null ? [] : [{ label: "Open", url: now.url }],
    buttons: buttonsOf(at, now, history),
  };
}

export function statusEverywhere(
  service: string,
  all: readonly (Now & { readonly environment: string })[],
): Card {
  return {
    title: service,
    says: capital(
      `${all.map((now) => `${now.version ?? "nothing"} in ${now.environment}`).join(", ")}.`,
    ),
    columns: ["Environment", "Version", "Ready", "State"],
    rows: all.map((now) => [
      now.environment,
      now.version ?? "nothing",
      now.version === null ? "" : `${now.ready} of ${now.of}`,
      now.why ?? stateOf(now).word,
    ]),
    links: all.flatMap(({ url, environment }) =>
      url === null ? [] : [{ label: environment, url }],
    ),
  };
}

function stateOf(now: Now): NonNullable<Card["state"]> {
  if (now.version === null) return { tone: "calm", word: "not running" };
  if (now.why !== undefined) return { tone: "bad", word: "in trouble" };
  return now.ready < now.of
    ? { tone: "busy", word: "starting" }
    : { tone: "good", word: "healthy" };
}

function saysOf(now: Now): string {
  if (now.version === null) return now.why ?? "Nothing runs here yet.";
  return `${now.version} runs, ${now.ready} of ${now.of} ready.${now.why ? ` ${now.why}` : ""}`;
}

function buttonsOf(
  at: { readonly service: string; readonly environment: string },
  now: Now,
  history: Here["history"],
): readonly Say[] {
  if (now.version === null && history.length === 0) return [deploy.button("Deploy", at)];
  const earlier = history.some(({ good, version }) => good && version !== now.version);
  const confirm = `Roll back ${at.service} in ${at.environment} to the last good release?`;
  return [
    logs.button("Logs", at),
    ...(earlier ? [rollback.button("Roll back", at, { confirm })] : []),
  ];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `2026-11-21 13:05 UTC` */
const timeText = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
