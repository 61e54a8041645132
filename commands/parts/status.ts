/** The cards of `status`: one service in one environment, or in all of them. */
import type { Card, Choice, RunView, Say } from "shipmate";
import deploy from "../deploy.ts";
import events from "../events.ts";
import logs from "../logs.ts";
import rollback from "../rollback.ts";
import { type Release, releaseRows } from "./releases.ts";
import { when } from "./when.ts";

interface Now {
  readonly version: string | null;
  readonly ready: number;
  readonly of: number;
  readonly url: string | null;
  readonly since: number | null;
  readonly restarts: number;
  readonly why?: string | undefined;
  readonly versions?: readonly { version: string; ready: number; of: number }[] | undefined;
  readonly differs?: string | undefined;
}
interface Here {
  readonly service: string;
  readonly environment: string;
  readonly now: Now;
  readonly history: readonly Release[];
  readonly open: readonly RunView[];
  readonly people: readonly Choice[];
}

export function statusIn({ service, environment, now, history, open, people }: Here): Card {
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
      ...(several(now) ? { Versions: several(now) } : {}),
      ...(now.since === null ? {} : { Since: when(now.since) }),
      ...(now.restarts > 0 ? { Restarts: String(now.restarts) } : {}),
    },
    ...releaseRows(history.slice(0, 5), people),
    links: now.url === null ? [] : [{ label: "Open", url: now.url }],
    buttons: buttonsOf(at, now, history),
  };
}

/** What runs in an environment, or why that can't be told. */
type There = { readonly environment: string } & (Now | { readonly unknown: string });

export function statusEverywhere(service: string, all: readonly There[]): Card {
  const known = all.flatMap((there) => ("unknown" in there ? [] : [there]));
  const runs = known.map((now) => `${now.version ?? "nothing"} in ${now.environment}`);
  return {
    title: service,
    ...(runs.length > 0 && { says: capital(`${runs.join(", ")}.`) }),
    columns: ["Environment", "Version", "Ready", "State"],
    rows: all.map((there) =>
      "unknown" in there
        ? [there.environment, "not known", "", there.unknown]
        : [
            there.environment,
            there.version ?? "nothing",
            there.version === null ? "" : `${there.ready} of ${there.of}`,
            there.why ?? stateOf(there).word,
          ],
    ),
    links: known.flatMap(({ url, environment }) =>
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
  const runs = `${now.version} runs, ${now.ready} of ${now.of} ready.`;
  return [runs, now.why, now.differs].filter(Boolean).join(" ");
}

/** `1.4.2 (3 of 3), 1.4.1 (1 of 1)`, where more than one runs at once. */
function several({ versions = [] }: Now): string {
  if (versions.length < 2) return "";
  return versions.map(({ version, ready, of }) => `${version} (${ready} of ${of})`).join(", ");
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
    ...(now.why === undefined ? [] : [events.button("Events", at)]),
    ...(earlier ? [rollback.button("Roll back", at, { confirm })] : []),
  ];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
