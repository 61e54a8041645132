/** The Slack surface: signed requests or Socket Mode in, messages and dialogs out. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { HTTPReceiver, SocketModeReceiver } from "@slack/bolt";
import type { Card, Form } from "../../core/card.ts";
import type { Door, Intent, Place, Surface } from "../../core/surface.ts";
import { plainText } from "./blocks.ts";
import { calls, refusal } from "./calls.ts";
import { escaped, line } from "./fit.ts";
import type { Heard } from "./heard.ts";
import { sayId } from "./heard.ts";
import { limits } from "./limits.ts";
import type { Log } from "./log.ts";
import { boltLog } from "./log.ts";
import { modal } from "./modal.ts";
import { literal, outbox } from "./outbox.ts";
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
}

export interface Slack extends Surface {
  /** For `POST /slack/events`: events, commands and interactivity. Takes the request with its body unread. */
  requestListener(request: IncomingMessage, response: ServerResponse): void;
  /** Connects, in Socket Mode: resolves when connected, goes on trying while Slack is away, throws where Slack refuses the token. */
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
    // chat.update has room for 50 a minute in the whole workspace: about one edit a message in 2.5 s.
    pace: 2500,
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
    await untilSlackAnswers("connecting to Slack", () => socket.start());
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

  /** A dialog at once where there is a trigger; after a mention there is none, so a button brings one. */
  async function open(form: Form, intent: Intent, trigger: string | undefined): Promise<void> {
    if (trigger === undefined) return await offer(form, intent);
    const { channel, thread } = intent.at;
    const carried = {
      form: form.id,
      command: form.command,
      channel,
      ...(thread === undefined ? {} : { thread }),
    };
    try {
      await ask("opening a form", closing.signal, (client) =>
        client.views.open({ trigger_id: trigger, view: modal(form, carried) }),
      );
    } catch (error) {
      log("warn", `opening the form of ${form.command}`, error);
      await tell(intent.at, intent.who.id, {
        title: form.title,
        says: "Slack closed the door on the form before it could open. Type it again, or click once more.",
      });
    }
  }

  async function offer(form: Form, intent: Intent): Promise<void> {
    const words = "text" in intent.said ? intent.said.text : "";
    const fits = words !== "" && words.length <= limits.buttonValue;
    await tell(
      intent.at,
      intent.who.id,
      {
        title: form.title,
        says: fits
          ? (form.says ?? "Some of it is missing: fill it in.")
          : "Some of it is missing. Type all of it in one line.",
      },
      fits ? words : undefined,
    );
  }

  /** Says something to one person, outside of any run. What can't be said is logged: it is never retried. */
  async function tell(at: Place, to: string, card: Card, words?: string): Promise<void> {
    const text = [line(card.title, 150), line(card.says ?? "", 1000)].filter(Boolean).join(": ");
    const blocks = [
      { type: "section" as const, text: plainText(text || "–") },
      ...(words === undefined ? [] : [fillIn(words)]),
    ];
    const said = { text: escaped(text, limits.text), blocks, ...literal };
    const thread = at.thread === undefined ? {} : { thread_ts: at.thread };
    try {
      await ask(`telling one person in ${at.channel}`, closing.signal, async (client) => {
        if (/^[DUW]/.test(at.channel))
          await client.chat.postMessage({ channel: at.channel, ...thread, ...said });
        else await client.chat.postEphemeral({ channel: at.channel, user: to, ...thread, ...said });
      });
    } catch (error) {
      log("warn", `telling one person in ${at.channel}`, error);
    }
  }
}

/** How far the time of a signature may be from ours, in seconds, either way. */
const window = 300;

function fillIn(words: string) {
  return {
    type: "actions" as const,
    elements: [
      {
        type: "button" as const,
        action_id: sayId,
        value: words,
        style: "primary" as const,
        text: plainText("Fill it in"),
      },
    ],
  };
}

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
