/**
 * Chats that are not well for a while: of the calls to Slack and to Teams three in ten are asked to wait, one in ten
 * fails and one in ten does its work and loses its answer, while people deploy and approve through several replicas.
 * Afterwards it is counted what stands there, in which order, and how often each chat was called.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Database } from "../../src/store/database.ts";
import { openPostgres } from "../../src/store/postgres.ts";
import { slackChat, wordsOf as slackWords } from "../scenarios/slack.ts";
import { teamsChat, wordsOf as teamsWords } from "../scenarios/teams.ts";
import { town } from "../scenarios/town.ts";
import { type Chance, chanceOf } from "../sim/chance.ts";
import { slackPerson } from "./slack/slack-person.ts";
import { labels, teamsPerson } from "./teams/teams-person.ts";

export interface Weather {
  readonly database: string;
  readonly seed: number;
  readonly replicas: number;
  readonly runs: number;
  readonly channels: number;
  /** How long it lasts, and how long the chats ask to wait, in seconds. */
  readonly seconds: number;
  readonly retryAfter: readonly [least: number, most: number];
  /** How long all may take to be as it should be afterwards, in seconds. */
  readonly patience: number;
}

/** A call that changes what stands in a chat. */
interface Call {
  readonly chat: "slack" | "teams";
  readonly what: "post" | "edit";
  readonly channel: string;
  readonly at: number;
  readonly met: "429" | "5xx" | "lost" | undefined;
  /** Of a 429, in milliseconds. */
  readonly wait: number;
}

export interface Aftermath {
  readonly calls: readonly Call[];
  /** Runs by their end. */
  readonly ends: { readonly [state: string]: number };
  /** Roots that stand there more than once, or not at all, or do not say how the run ended. */
  readonly wrong: readonly string[];
  /** Messages of a thread that stand before one that was said earlier. */
  readonly disordered: readonly string[];
  readonly notes: number;
  /** Cards that said at some time that they came late; and those that say it still. */
  readonly late: { readonly ever: number; readonly still: number };
  /** Messages of Slack and of Teams that were posted a second time and taken away again. */
  readonly again: { readonly slack: number; readonly teams: number };
  /** From the end of the weather until all was as it should be, in seconds. */
  readonly calm: number;
}

export async function storm(weather: Weather): Promise<Aftermath> {
  const chance = chanceOf(weather.seed);
  const calls: Call[] = [];
  let bad = true;
  const fault = (call: Pick<Call, "chat" | "what" | "channel"> | undefined) => {
    const dice = chance.next();
    const [least, most] = weather.retryAfter;
    const retryAfter = chance.between(least, most);
    const met = !bad || dice >= 0.5 ? undefined : dice < 0.3 ? "429" : dice < 0.4 ? "5xx" : "lost";
    if (call !== undefined)
      calls.push({ ...call, at: Date.now(), met, wait: met === "429" ? retryAfter * 1_000 : 0 });
    if (met === "429") return { status: 429, retryAfter } as const;
    return met === "5xx" ? ("5xx" as const) : met;
  };
  const slack = await slackChat({
    weather(method, args) {
      if (!/^(chat|conversations)\./.test(method)) return undefined;
      const what = { "chat.postMessage": "post", "chat.update": "edit" }[method] as Call["what"];
      const channel = String(args["channel"]);
      const met = fault(what && { chat: "slack", what, channel });
      return met === "5xx" ? { status: 500 } : met;
    },
  });
  const teams = await teamsChat({
    weather(kind, path, body) {
      if (kind === "token" || kind === "keys") return undefined;
      const into = (body as { channelData?: { channel?: { id: string } } } | undefined)
        ?.channelData;
      const channel = into?.channel?.id ?? /conversations\/([^;/]*)/.exec(path)?.[1] ?? "";
      const what =
        kind === "edit" ? kind : kind === "post" || into !== undefined ? "post" : undefined;
      const met = fault(what && { chat: "teams", what, channel });
      return met === "5xx" ? { status: chance.pick([500, 502, 503, 504]) } : met;
    },
  });
  const services = Array.from({ length: weather.runs }, (_, at) => `ship-${at}`);
  const roomOf = (at: number) => `storm${at % weather.channels}`;
  const rooms = Object.fromEntries(
    services.map((name, at) => [
      name,
      [`slack:${slack.channel(roomOf(at))}`, `teams:${teams.channel(roomOf(at))}`],
    ]),
  );
  const { microsoft } = teams;
  const { database: url, replicas } = weather;
  const here = await town([slack, teams], services, {
    ...{ rooms, microsoft, replicas, database: url, slack: {} },
  });
  const database = await openPostgres(url, { max: 1 });
  const stopping = new AbortController();
  const seen = watchers(chance, here.urls, { slack, teams });
  const watching = seen.watch(stopping.signal);
  try {
    const began = Date.now();
    const until = began + weather.seconds * 1_000;
    for (const [at, service] of services.entries()) {
      await sleep(Math.max(0, began + (at * weather.seconds * 800) / weather.runs - Date.now()));
      const ada = slackPerson(slack.server, slack.account("ada") ?? "", seen.slackUrl());
      await ada.types(`/deploy ${service} 1.4.2 to production`, slack.channel(roomOf(at)));
    }
    await sleep(Math.max(0, until - Date.now()));
    bad = false;
    const over = Date.now();
    while (!(await isCalm(database, weather.runs))) {
      if (Date.now() > over + weather.patience * 1_000)
        throw new Error(
          `not as it should be after ${weather.patience} s: ${await left(database)} ${seen.left()}`,
        );
      await sleep(100);
    }
    const calm = (Date.now() - over) / 1_000;
    // People open their chats once more: what stands there twice goes.
    const end = Date.now() + 30_000;
    for (;;) {
      seen.open();
      await sleep(1_000);
      const all = await counted(database, services, { slack, teams }, seen.late());
      if (all.wrong.length > 0 && Date.now() < end) continue;
      return { calls, calm, ...all };
    }
  } finally {
    stopping.abort();
    await watching;
    await here.close();
    await database.close();
  }
}

interface Chats {
  readonly slack: Awaited<ReturnType<typeof slackChat>>;
  readonly teams: Awaited<ReturnType<typeof teamsChat>>;
}

/** Grace approves each run in one of the chats; her client and Ada's show what comes in Teams. */
function watchers(chance: Chance, urls: readonly string[], { slack, teams }: Chats) {
  const late = new Set<string>();
  const pressed = new Map<string, number>();
  /** What came of the last press, by title. */
  const came = new Map<string, string>();
  const looked = new Map<string, string>();
  const slackUrl = () => new URL("/slack/events", chance.any(urls)).href;
  const teamsUrl = () => new URL("/api/messages", chance.any(urls)).href;
  const isAsked = (title: string) => {
    if ((pressed.get(title) ?? 0) > Date.now() - 5_000) return false;
    pressed.set(title, Date.now());
    return true;
  };
  /** Half of all runs are approved in Slack. */
  const inSlack = (title: string) => title.length % 2 === 0 || /[02468] 1/.test(title);
  const look = async (): Promise<void> => {
    for (const message of slack.server.messages) {
      if (/came .* late/.test(slackWords(message))) late.add(`slack ${message.ts}`);
      const [title = ""] = message.text.split("\n");
      if (message.to !== undefined || !/Waiting for approval/.test(message.text)) continue;
      if (!inSlack(title) || message.thread !== undefined || !isAsked(title)) continue;
      const grace = slackPerson(slack.server, slack.account("grace") ?? "", slackUrl());
      came.set(title, await outcomeOf(grace.presses("Approve", message)));
    }
    for (const message of [...teams.server.messages]) {
      if (/came .* late/.test(teamsWords(message))) late.add(`teams ${message.id}`);
      for (const name of ["ada", "grace"]) {
        const key = `${name} ${message.channel} ${message.id}`;
        // Whoever was refused (Teams did not say who they are) opens it once more after a while.
        const now = `${message.edits} ${Math.floor(Date.now() / 5_000)}`;
        if (message.card === undefined || looked.get(key) === now) continue;
        looked.set(key, now);
        const person = teamsPerson(teams.server, name, teamsUrl());
        const card = await person.looksAt(message).catch(() => undefined);
        const title = message.summary.split(". ")[0]?.replaceAll("\\", "") ?? "";
        if (name !== "grace" || !labels(card).includes("Approve")) continue;
        if (!inSlack(title) && isAsked(title))
          came.set(title, await outcomeOf(person.presses("Approve", { ...message, card })));
        else if (!inSlack(title)) looked.delete(key);
      }
    }
  };
  return {
    slackUrl,
    late: () => late.size,
    /** Each card that still asks, where it is approved, what its viewers are and what the last press came to. */
    left: () => {
      const asks = [
        ...slack.server.messages.map((one) => ({
          ...{ at: `slack ${one.ts}`, title: one.text.split("\n")[0] ?? "", says: slackWords(one) },
          viewers: one.to ?? "all",
        })),
        ...teams.server.messages.map((one) => ({
          ...{ at: `teams ${one.id}`, says: teamsWords(one) },
          title: one.summary.split(". ")[0]?.replaceAll("\\", "") ?? "",
          viewers: one.card?.refresh?.userIds.join(" ") ?? "none",
        })),
      ].filter(({ says }) => says.includes("Waiting for approval"));
      return asks
        .map(
          ({ at, title, says, viewers }) =>
            `\n${at}: ${title} (${inSlack(title) ? "Slack" : "Teams"}; seen by ${viewers}; pressed: ${came.get(title)}): ${says.slice(0, 600)}`,
        )
        .join("");
    },
    /** The clients show everything anew. */
    open: () => looked.clear(),
    async watch(signal: AbortSignal): Promise<void> {
      while (!signal.aborted) {
        await look();
        await sleep(200);
      }
    },
  };
}

async function outcomeOf(press: Promise<{ readonly status: number; readonly body: unknown }>) {
  const ack = await press.catch((error: unknown) => ({ status: 0, body: String(error) }));
  return `${ack.status} ${JSON.stringify(ack.body).slice(0, 300)}`;
}

async function isCalm(database: Database, runs: number): Promise<boolean> {
  const [row] = await database.query(
    z.object({ ended: z.number(), behind: z.number() }),
    `SELECT (SELECT count(*) FROM shipmate.runs WHERE ended_at IS NOT NULL) AS ended,
       (SELECT count(*) FROM shipmate.messages WHERE wanted_rev > posted_rev) AS behind`,
  );
  return row?.ended === runs && row.behind === 0;
}

async function left(database: Database): Promise<string> {
  const rows = await database.query(
    z.any(),
    `SELECT id, surface, attempts, ref, next_at - shipmate.now() AS next, wanted_rev - posted_rev AS behind
     FROM shipmate.messages WHERE wanted_rev > posted_rev LIMIT 5`,
  );
  const runs = await database.query(
    z.any(),
    "SELECT state, count(*) FROM shipmate.runs GROUP BY state",
  );
  return JSON.stringify({ rows, runs });
}

const Note = z.object({ id: z.string(), surface: z.string(), thread: z.string(), ref: z.string() });

async function counted(
  database: Database,
  services: readonly string[],
  { slack, teams }: Chats,
  ever: number,
): Promise<Omit<Aftermath, "calls" | "calm">> {
  const rows = await database.query(
    z.object({ state: z.string(), count: z.number() }),
    "SELECT state, count(*) AS count FROM shipmate.runs GROUP BY state",
  );
  const roots = {
    slack: slack.server.messages
      .filter(({ to, thread }) => to === undefined && thread === undefined)
      .map((message) => ({ title: message.text.split("\n")[0] ?? "", text: slackWords(message) })),
    teams: teams.server.messages
      .filter(({ id, root }) => id === root)
      .map((message) => ({ title: "", text: teamsWords(message) })),
  };
  const wrong = Object.entries(roots).flatMap(([chat, all]) =>
    services.flatMap((service) => {
      const title = `Deploy ${service} 1.4.2 to production`;
      const found = all.filter(
        ({ text }) => text.includes(`${title}\n`) || text.includes(`${title}. `),
      );
      const says = found.length === 1 && found[0]?.text.includes("Succeeded") ? [] : [found.length];
      return says.map(
        (count) => `${chat}: ${title}: ${count} ${found.map(({ text }) => text.slice(0, 120))}`,
      );
    }),
  );
  const notes = await database.query(
    Note,
    `SELECT id, surface, thread, ref FROM shipmate.messages
     WHERE kind <> 'root' AND thread IS NOT NULL AND ref IS NOT NULL ORDER BY number`,
  );
  const disordered = notes.flatMap((note, at) => {
    const later = notes
      .slice(at + 1)
      .find((one) => one.thread === note.thread && one.surface === note.surface);
    return later !== undefined && timeOf(later) < timeOf(note)
      ? [`${later.id} before ${note.id}`]
      : [];
  });
  const still = [...roots.slack, ...roots.teams].filter(({ text }) =>
    /came .* late/.test(text),
  ).length;
  const posted = (server: { posts(channel: string): number }, channels: Iterable<string>) =>
    [...new Set(channels)].reduce((sum, channel) => sum + server.posts(channel), 0);
  const there = {
    slack: slack.server.messages.filter(({ to }) => to === undefined),
    teams: teams.server.messages,
  };
  const again = {
    slack:
      there.slack.length -
      new Set(there.slack.map(({ metadata }) => JSON.stringify(metadata))).size,
    teams:
      posted(
        teams.server,
        there.teams.map(({ channel }) => channel),
      ) - there.teams.length,
  };
  return {
    ends: Object.fromEntries(rows.map(({ state, count }) => [state, count])),
    ...{ wrong, disordered, notes: notes.length, again, late: { ever, still } },
  };
}

/** When a message was posted, by its reference. */
function timeOf({ surface, ref }: z.output<typeof Note>): number {
  return Number(surface === "slack" ? ref.split(":")[1] : ref.split(" ")[2]);
}

/** The most calls within a stretch of time. */
export function most(calls: readonly Call[], milliseconds: number): number {
  const times = calls.map(({ at }) => at).toSorted((one, other) => one - other);
  let from = 0;
  return times.reduce((most, time, at) => {
    while ((times[from] ?? time) <= time - milliseconds) from += 1;
    return Math.max(most, at - from + 1);
  }, 0);
}

/** Calls that came although the chat had asked to wait, a moment for what was under way left aside. */
export function unheard(calls: readonly Call[], grace = 500): number {
  const asked = calls.filter(({ met }) => met === "429");
  return calls.filter(({ at }) =>
    asked.some((one) => at > one.at + grace && at < one.at + one.wait - 50),
  ).length;
}

export function report({ calls, calm, ...rest }: Aftermath): string {
  const met = (kind: Call["met"]) => calls.filter((call) => call.met === kind).length;
  const of = (chat: Call["chat"], what: Call["what"]) =>
    calls.filter((call) => call.chat === chat && call.what === what);
  const perChannel = (all: readonly Call[], milliseconds: number) =>
    Math.max(
      0,
      ...Map.groupBy(all, ({ channel }) => channel)
        .values()
        .map((some) => most(some, milliseconds)),
    );
  const teams = calls.filter(({ chat }) => chat === "teams");
  return JSON.stringify(
    {
      calls: { all: calls.length, "429": met("429"), "5xx": met("5xx"), lost: met("lost") },
      slack: {
        "posts a channel": {
          "1 s": perChannel(of("slack", "post"), 1_000),
          "60 s": perChannel(of("slack", "post"), 60_000),
        },
        "edits in all": { "60 s": most(of("slack", "edit"), 60_000) },
        "edits during a time asked for": {
          "of all": of("slack", "edit").length,
          "after 0.5 s": unheard(of("slack", "edit"), 500),
          "after 2 s": unheard(of("slack", "edit"), 2_000),
        },
      },
      teams: {
        "a conversation": {
          "1 s": perChannel(teams, 1_000),
          "2 s": perChannel(teams, 2_000),
          "30 s": perChannel(teams, 30_000),
        },
      },
      calm,
      ...rest,
    },
    undefined,
    1,
  );
}
