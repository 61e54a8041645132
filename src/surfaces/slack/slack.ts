/** The Slack surface: signed requests or Socket Mode in, messages and dialogs out. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { HTTPReceiver, SocketModeReceiver } from "@slack/bolt";
import type { Budget, Door, Surface } from "../../core/surface.ts";
import { calls, refusal } from "./calls.ts";
import { dialogs } from "./dialogs.ts";
import type { Heard } from "./heard.ts";
import type { Log } from "./log.ts";
import { boltLog } from "./log.ts";
import { outbox } from "./outbox.ts";
import { outsider, StoreFirst } from "./store-first.ts";

export interface SlackConfig {
  /** `xoxb-...` */
  readonly botToken: string;
  /** For HTTP: without it every request is refused. */
  readonly signingSecret?: string;
  /** `xapp-...`: Socket Mode instead of HTTP. */
  readonly appToken?: string;
  /** Slack's own where absent; with its path, `https://slack.com/api/`. */
  readonly apiUrl?: string;
  readonly log: Log;
  /** The one masking sink, for what does not come through the outbox. */
  readonly mask?: <T>(value: T) => T;
  /** Milliseconds since 1970; judges the age of signatures. */
  readonly now?: () => number;
  /** The most that one call to Slack may take, in milliseconds. */
  readonly timeout?: number;
  /** How much may be said; what Slack documents where absent. */
  readonly budgets?: readonly Budget[];
}

export interface Slack extends Surface {
  /** For `POST /slack/events`: events, commands and interactivity. Takes the request with its body unread. */
  requestListener(request: IncomingMessage, response: ServerResponse): void;
  /**
   * Connects, in Socket Mode: resolves when connected, or after three seconds, and then goes on trying.
   * Throws where Slack refuses the token within that time.
   */
  start(): Promise<void>;
}

/** The surface. Nothing is asked of Slack before `start`, and a Slack that is down stops nobody. */
export function slack(config: SlackConfig, door: Door): Slack {
  const { log } = config;
  const now = config.now ?? Date.now;
  const mask = config.mask ?? ((value) => value);
  const closing = new AbortController();
  const going = new Set<Promise<void>>();
  const ask = calls({
    token: config.botToken,
    log,
    ...(config.apiUrl === undefined ? {} : { apiUrl: config.apiUrl }),
    ...(config.timeout === undefined ? {} : { timeout: config.timeout }),
  });
  const { post, edit, find } = outbox({ ask, log, now });
  const { open, tell } = dialogs(ask, log, closing.signal);
  let home: string | undefined;

  const http =
    config.signingSecret === undefined || config.appToken !== undefined
      ? undefined
      : new HTTPReceiver({
          signingSecret: config.signingSecret,
          endpoints: "/slack/events",
          bodyLimit: "1mb",
          logger: boltLog(log),
        });
  const socket =
    config.appToken === undefined
      ? undefined
      : new SocketModeReceiver({
          appToken: config.appToken,
          logger: boltLog(log),
          installerOptions: clientOptions(config.apiUrl),
        });
  const receiver = http ?? socket;
  if (receiver !== undefined)
    new StoreFirst(receiver, {
      door,
      home: () => home,
      entered: (heard) => track(enter(heard)),
      foreign: ({ user, channel }) =>
        track(
          tell({ surface: "slack", channel }, user, { title: "Not from here", says: outsider }),
        ),
      log,
    });

  return {
    name: "slack",
    pace: 2500,
    budgets: config.budgets ?? documented,
    requestListener,
    start,
    post,
    edit,
    find,
    close,
  };

  function requestListener(request: IncomingMessage, response: ServerResponse): void {
    const stamp = request.headers["x-slack-request-timestamp"];
    const path = request.url?.split("?")[0];
    if (http === undefined || request.method !== "POST" || path !== "/slack/events") {
      response.writeHead(404).end();
      return;
    }
    // Bolt refuses what is too old, and takes what claims to come from the future.
    if (stamp !== undefined && !(Math.abs(now() / 1000 - Number(stamp)) <= window)) {
      response.writeHead(401).end();
      return;
    }
    http.requestListener(request, response);
  }

  async function start(): Promise<void> {
    track(learnHome());
    if (socket === undefined) return;
    const connected = untilSlackAnswers("connecting to Slack", () => socket.start());
    connected.catch((error: unknown) =>
      log("error", "Slack does not take the app-level token: look at SLACK_APP_TOKEN", error),
    );
    await Promise.race([connected, pause(patience, closing.signal)]);
  }

  async function close(): Promise<void> {
    closing.abort();
    if (socket !== undefined) await socket.stop().catch(() => undefined);
    await Promise.allSettled(going);
  }

  async function learnHome(): Promise<void> {
    try {
      const told = await untilSlackAnswers("asking Slack who we are", () =>
        ask("asking Slack who we are", closing.signal, (client) => client.auth.test()),
      );
      home = told?.team_id;
    } catch (error) {
      log("error", "Slack does not know the bot token: look at SLACK_BOT_TOKEN", error);
    }
  }

  /** Tries again, ever more slowly, until Slack says yes or no; undefined when closed meanwhile. */
  async function untilSlackAnswers<T>(
    doing: string,
    call: () => Promise<T>,
  ): Promise<T | undefined> {
    for (let wait = 1000; !closing.signal.aborted; wait = Math.min(60_000, wait * 2)) {
      try {
        return await call();
      } catch (error) {
        if (refusal(error) !== undefined) throw new Error(doing, { cause: error });
        if (!closing.signal.aborted)
          log("warn", `${doing}: trying again in ${wait / 1000} s`, error);
      }
      await pause(wait, closing.signal);
    }
    return undefined;
  }

  function track(work: Promise<void>): void {
    going.add(work);
    void work.finally(() => going.delete(work));
  }

  async function enter({ intent, trigger }: Extract<Heard, { is: "intent" }>): Promise<void> {
    try {
      const answer = await door.enter(intent.key, "slack");
      if (answer.is === "form") await open(mask(answer.form), intent, trigger);
    } catch (error) {
      // The row stays open: what was said is taken up again.
      log("error", `acting on ${intent.key}`, error);
    }
  }
}

/**
 * By Slack's documentation of rate limits: about one message a second and channel, with short bursts (beyond that
 * messages are hidden without a word), and 50 calls of chat.update a minute in the whole workspace, of which some are
 * left for those that come late.
 */
const documented: readonly Budget[] = [
  { of: "posts", per: "channel", most: 5, every: 1_000 },
  { of: "edits", per: "app", most: 6, every: 1_500 },
];

/** How long a start waits for Slack, in milliseconds: nothing else needs it. */
const patience = 3000;

/** How far the time of a signature may be from ours, in seconds, either way. */
const window = 300;

/** Bolt hands the options of its installer on to the client that opens the connection. */
function clientOptions(apiUrl: string | undefined) {
  const timeout = 10_000;
  // Reconnecting is tried again for hours, at most a minute apart.
  const retryConfig = {
    retries: 10_000,
    minTimeout: 1000,
    factor: 1.5,
    maxTimeout: 60_000,
    unref: true,
  };
  const slackApiUrl = apiUrl === undefined ? undefined : `${apiUrl.replace(/\/$/, "")}/`;
  return {
    clientOptions: { timeout, retryConfig, ...(slackApiUrl === undefined ? {} : { slackApiUrl }) },
  };
}

function pause(wait: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, wait);
    signal.addEventListener("abort", done);
  });
}
