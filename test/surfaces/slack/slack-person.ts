/**
 * Somebody in Slack: types commands, mentions the app, writes to it, presses the buttons that stand on a
 * message and fills in the dialogs that are open for them. Each becomes a signed request to the app's
 * URL, or an envelope where `url` is "socket".
 */
import { createHmac, randomUUID } from "node:crypto";
import type { OpenView, SlackMessage, SlackServer } from "./slack-server.ts";

/** What the app answered: the acknowledgement. */
export interface Ack {
  readonly status: number;
  readonly body: unknown;
}

/** How a delivery differs from an honest one. */
export interface Odd {
  /** Seconds added to the time that is signed. */
  readonly skew?: number;
  readonly secret?: string;
  /** The same event again: Slack's number of the retry. */
  readonly retry?: number;
  /** The event's id, to deliver the same one twice. */
  readonly id?: string;
  /** The workspace that the person belongs to. */
  readonly team?: string;
  /** Changes the payload before it is signed. */
  readonly payload?: object;
}

export type SlackPerson = ReturnType<typeof slackPerson>;

export function slackPerson(server: SlackServer, user: string, url: string) {
  const team = { id: server.team, domain: "home" };
  const installed = [
    {
      enterprise_id: null,
      team_id: server.team,
      user_id: server.botUser,
      is_bot: true,
      is_enterprise_install: false,
    },
  ];
  return {
    id: user,
    /** `/deploy web 1.4.2 to production` in a channel. */
    types(line: string, channel: string, odd: Odd = {}): Promise<Ack> {
      const [command = "", ...words] = line.split(" ");
      const fields = {
        token: "old",
        team_id: odd.team ?? server.team,
        team_domain: "home",
        channel_id: channel,
        channel_name: channel.startsWith("D") ? "directmessage" : "general",
        user_id: user,
        user_name: user.toLowerCase(),
        command,
        text: words.join(" "),
        api_app_id: server.appId,
        is_enterprise_install: "false",
        response_url: "http://127.0.0.1/nowhere",
        trigger_id: server.trigger(user),
        ...odd.payload,
      };
      return deliver("slash_commands", fields, new URLSearchParams(fields).toString(), form, odd);
    },
    /** `@shipmate words` in a channel, perhaps in a thread. */
    mentions(
      words: string,
      channel: string,
      odd: Odd & { readonly thread?: string } = {},
    ): Promise<Ack> {
      return event(
        {
          type: "app_mention",
          channel,
          text: `<@${server.botUser}> ${words}`,
          ...(odd.thread === undefined ? {} : { thread_ts: odd.thread }),
        },
        odd,
      );
    },
    /** Words to the app alone. */
    writes(words: string, odd: Odd = {}): Promise<Ack> {
      const channel = `D${user.slice(1)}`;
      return event({ type: "message", channel_type: "im", channel, text: words }, odd);
    },
    /** A button of a message, by its label; says yes where it asks. */
    presses(label: string, message: SlackMessage, odd: Odd = {}): Promise<Ack> {
      const action = buttonOf(message, label);
      const payload = {
        type: "block_actions",
        user: { id: user, team_id: odd.team ?? server.team },
        api_app_id: server.appId,
        token: "old",
        team,
        enterprise: null,
        is_enterprise_install: false,
        trigger_id: server.trigger(user),
        response_url: "http://127.0.0.1/nowhere",
        channel: { id: message.channel, name: "general" },
        container: {
          type: "message",
          message_ts: message.ts,
          channel_id: message.channel,
          is_ephemeral: message.to !== undefined,
          ...(message.thread === undefined ? {} : { thread_ts: message.thread }),
        },
        actions: [{ ...action, action_ts: String(server.now() / 1000) }],
        state: { values: {} },
        ...odd.payload,
      };
      return interaction(payload, odd);
    },
    /** Fills in and sends a dialog. Fields that are not named keep what they had. */
    fills(
      open: OpenView,
      given: { readonly [field: string]: string | boolean },
      odd: Odd = {},
    ): Promise<Ack> {
      const payload = {
        type: "view_submission",
        team,
        user: { id: user, team_id: odd.team ?? server.team },
        api_app_id: server.appId,
        token: "old",
        trigger_id: server.trigger(user),
        is_enterprise_install: false,
        enterprise: null,
        view: {
          ...open.view,
          id: open.id,
          hash: open.hash,
          state: { values: stateOf(open, given) },
        },
        response_urls: [],
        ...odd.payload,
      };
      return interaction(payload, odd);
    },
    /** Shuts a dialog. */
    shuts(open: OpenView): Promise<Ack> {
      const view = { ...open.view, id: open.id, hash: open.hash };
      return interaction(
        { type: "view_closed", team, user: { id: user }, view, is_cleared: false },
        {},
      );
    },
  };

  function event(said: object, odd: Odd): Promise<Ack> {
    const ts = String(server.now() / 1000);
    const body = {
      type: "event_callback",
      token: "old",
      team_id: server.team,
      context_team_id: server.team,
      api_app_id: server.appId,
      event_id: odd.id ?? `Ev${randomUUID()}`,
      event_time: Math.floor(server.now() / 1000),
      authorizations: installed,
      is_ext_shared_channel: odd.team !== undefined,
      event: { user, ts, event_ts: ts, team: odd.team ?? server.team, ...said, ...odd.payload },
    };
    return deliver("events_api", body, JSON.stringify(body), "application/json", odd);
  }

  function interaction(payload: object, odd: Odd): Promise<Ack> {
    const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
    return deliver("interactive", payload, body, form, odd);
  }

  async function deliver(
    kind: string,
    payload: object,
    body: string,
    type: string,
    odd: Odd,
  ): Promise<Ack> {
    if (url === "socket") return { status: 200, body: await server.envelope(kind, payload) };
    const time = String(Math.floor(server.now() / 1000) + (odd.skew ?? 0));
    const hash = createHmac("sha256", odd.secret ?? server.signingSecret).update(
      `v0:${time}:${body}`,
    );
    const retry = odd.retry === undefined ? undefined : String(odd.retry);
    const response = await fetch(url, {
      method: "POST",
      body,
      headers: {
        "content-type": type,
        "x-slack-request-timestamp": time,
        "x-slack-signature": `v0=${hash.digest("hex")}`,
        ...(retry === undefined
          ? {}
          : { "x-slack-retry-num": retry, "x-slack-retry-reason": "http_timeout" }),
      },
    });
    const text = await response.text();
    return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : text };
  }
}

const form = "application/x-www-form-urlencoded";

interface ActionsBlock {
  readonly type: string;
  readonly block_id?: string;
  readonly elements?: readonly {
    readonly type: string;
    readonly action_id: string;
    readonly value: string;
    readonly text: { readonly text: string };
  }[];
}

function buttonOf(message: SlackMessage, label: string) {
  const blocks = message.blocks as readonly ActionsBlock[];
  const all = blocks
    .filter(({ type }) => type === "actions")
    .flatMap(({ elements }) => elements ?? []);
  const found = all.find(({ text }) => text.text === label);
  if (found === undefined)
    throw new Error(`no button "${label}" on it: ${all.map(({ text }) => text.text).join(", ")}`);
  return found;
}

interface InputBlock {
  readonly type: string;
  readonly block_id: string;
  readonly element: {
    readonly type: string;
    readonly action_id: string;
    readonly initial_value?: string;
    readonly initial_option?: Choice;
    readonly initial_options?: readonly Choice[];
    readonly options?: readonly Choice[];
    readonly option_groups?: readonly { readonly options: readonly Choice[] }[];
  };
}
interface Choice {
  readonly value: string;
}

/** What Slack would send of a dialog's inputs; a choice that its menu does not have can't be made. */
function stateOf(open: OpenView, given: { readonly [field: string]: string | boolean }) {
  const inputs = (open.view["blocks"] as readonly InputBlock[]).filter(
    ({ type }) => type === "input",
  );
  const unknown = Object.keys(given).filter(
    (field) => !inputs.some((one) => one.block_id === field),
  );
  if (unknown.length > 0) throw new Error(`the dialog has no ${unknown.join(", ")}`);
  return Object.fromEntries(
    inputs.map(({ block_id, element }) => [
      block_id,
      { [element.action_id]: { type: element.type, ...answerOf(element, given[block_id]) } },
    ]),
  );
}

function answerOf(element: InputBlock["element"], given: string | boolean | undefined) {
  const options = element.options ?? element.option_groups?.flatMap((group) => group.options) ?? [];
  if (element.type === "checkboxes") {
    const checked = given === undefined ? (element.initial_options ?? []) : given ? options : [];
    return { selected_options: checked };
  }
  if (element.type !== "static_select") return { value: given ?? element.initial_value ?? null };
  if (given === undefined) return { selected_option: element.initial_option ?? null };
  const chosen = options.find(({ value }) => value === given);
  if (chosen === undefined) throw new Error(`the menu does not have ${String(given)}`);
  return { selected_option: chosen };
}
