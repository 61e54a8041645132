/**
 * A server that behaves like Slack's Web API as its documentation describes it, for tests behind
 * SLACK_API_URL. It keeps messages, views and files, refuses what Slack would refuse, counts posts and
 * edits, and can be told to fail: to answer 429 or 500, to lose an answer after doing the work, to hang.
 *
 *     const server = await slackServer();
 *     const surface = slack({ botToken: server.botToken, signingSecret: server.signingSecret,
 *       apiUrl: server.apiUrl, log }, door);
 *     ... serve surface.requestListener at `url` ...
 *     const ada = slackPerson(server, "U0ADA", url);
 *     await ada.types("/deploy web 1.4.2 to production", "C0GENERAL");
 *     const card = await server.sees((message) => message.text.includes("Waiting"));
 *     await grace.presses("Approve", card);
 *     expect(server.posts("C0GENERAL")).toBe(1);
 *     await server.close();
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { scopes as allScopes } from "../../../src/surfaces/slack/manifest.ts";
import { faultsOfMessage, faultsOfView } from "./limits.ts";
import { accept, type Line } from "./web-socket.ts";

export interface SlackMessage {
  readonly channel: string;
  readonly ts: string;
  readonly thread?: string;
  /** Who alone sees it. */
  readonly to?: string;
  text: string;
  blocks: readonly unknown[];
  metadata: unknown;
  /** How often it was changed. */
  edits: number;
}

export interface OpenView {
  readonly id: string;
  readonly hash: string;
  readonly user: string;
  readonly view: Record<string, unknown>;
}

/** What the next call of a method meets instead of a plain answer. */
export type Fault =
  | { readonly status: 429; readonly retryAfter: number }
  | { readonly status: 500 }
  /** Slack's own "no", by its code. */
  | { readonly error: string }
  /** The work is done, the answer never comes. */
  | "lost"
  /** Nothing is done and nothing comes until the caller gives up. */
  | "hangs";

export type SlackServer = Awaited<ReturnType<typeof slackServer>>;

export async function slackServer({
  now = Date.now,
  hidesBursts = false,
  weather = () => undefined,
  triggerLife = 60_000,
}: {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Like Slack, hides without a word what is posted into a channel within a second of another message. */
  readonly hidesBursts?: boolean;
  /** How long a click may open a dialog, in milliseconds: at Slack 3,000, which a busy machine may need for itself. */
  readonly triggerLife?: number;
  /** What a call meets that no test has a fault of its own for. */
  readonly weather?: (method: string, args: Args) => Fault | undefined;
} = {}) {
  const botToken = `xoxb-${randomUUID()}`;
  const appToken = `xapp-${randomUUID()}`;
  const messages: SlackMessage[] = [];
  const hidden = new Set<string>();
  const counts = { posts: new Map<string, number>(), edits: new Map<string, number>() };
  const scopes = new Set(Object.keys(allScopes));
  const views: OpenView[] = [];
  const files: { channel: string; thread?: string; name: string; text: string }[] = [];
  const pending = new Map<string, { name: string; text: string }>();
  const refused: { readonly method: string; readonly answer: object }[] = [];
  const asked: { readonly method: string; readonly args: Args }[] = [];
  const faults = new Map<string, Fault[]>();
  const triggers = new Map<string, { user: string; at: number; used: boolean }>();
  const gone = new Set<string>();
  const absent = new Set<string>();
  const lines = new Set<Line>();
  const acks = new Map<string, (payload: unknown) => void>();
  let clock = 0;
  let away: "refuses" | "hangs" | undefined;

  const http = createServer((request, response) => {
    void respond(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  http.on("upgrade", (request, socket) => {
    const line = accept(request, socket, {
      heard: (text) => {
        const { envelope_id, payload } = JSON.parse(text) as {
          envelope_id: string;
          payload: unknown;
        };
        acks.get(envelope_id)?.(payload);
        acks.delete(envelope_id);
      },
      closed: () => lines.delete(line),
    });
    lines.add(line);
    line.send(JSON.stringify({ type: "hello", num_connections: lines.size }));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;

  type Answer = Record<string, unknown>;
  type Method = (args: Args) => Answer;

  const methods: { readonly [method: string]: Method } = {
    "auth.test": () => ({
      ok: true,
      team_id: "T0HOME",
      user_id: "U0SHIPMATE",
      bot_id: "B0SHIPMATE",
    }),
    "apps.connections.open": () => ({ ok: true, url: `${origin.replace("http", "ws")}/link` }),
    "chat.postMessage": (args) => {
      const channel = roomOf(String(args["channel"]));
      const refusal = closedTo(channel) ?? faultOf(args);
      if (refusal !== undefined) return refusal;
      const thread = args["thread_ts"] as string | undefined;
      const message = put(channel, args, thread === undefined ? {} : { thread });
      count(counts.posts, channel);
      return { ok: true, channel, ts: message.ts, message: { text: message.text } };
    },
    "chat.postEphemeral": (args) => {
      const channel = String(args["channel"]);
      const refusal = closedTo(channel) ?? faultOf(args);
      if (refusal !== undefined) return refusal;
      const thread = args["thread_ts"] as string | undefined;
      const to = String(args["user"]);
      const message = put(channel, args, { to, ...(thread === undefined ? {} : { thread }) });
      return { ok: true, message_ts: message.ts };
    },
    "chat.update": (args) => {
      const channel = String(args["channel"]);
      const message = messages.find(
        (one) => one.channel === channel && one.ts === args["ts"] && one.to === undefined,
      );
      const refusal = closedTo(channel) ?? faultOf(args);
      if (refusal !== undefined) return refusal;
      if (message === undefined) return no("message_not_found");
      message.text = String(args["text"] ?? "");
      message.blocks = listOf(args["blocks"]);
      message.metadata = args["metadata"] ?? message.metadata;
      message.edits += 1;
      count(counts.edits, channel);
      return { ok: true, channel, ts: message.ts, text: message.text };
    },
    "conversations.open": (args) => ({ ok: true, channel: { id: roomOf(String(args["users"])) } }),
    "conversations.history": (args) =>
      page(
        args,
        messages.filter(({ thread, to }) => thread === undefined && to === undefined).toReversed(),
      ),
    "conversations.replies": (args) =>
      page(
        args,
        messages.filter(({ thread, ts, to }) => [thread, ts].includes(String(args["ts"])) && !to),
      ),
    "views.open": (args) => {
      const trigger = triggers.get(String(args["trigger_id"]));
      if (trigger === undefined) return no("invalid_trigger_id");
      if (trigger.used) return no("exchanged_trigger_id");
      if (now() - trigger.at > triggerLife) return no("expired_trigger_id");
      const wrong = faultsOfView(args["view"]);
      if (wrong.length > 0) return { ...no("invalid_arguments"), ...saying(wrong) };
      trigger.used = true;
      const view = args["view"] as Record<string, unknown>;
      const id = `V${views.length + 1}`;
      views.push({ id, hash: `${now()}.${id}`, user: trigger.user, view });
      return { ok: true, view: { ...view, id } };
    },
    "files.getUploadURLExternal": (args) => {
      const id = `F${pending.size + 1}`;
      pending.set(id, { name: String(args["filename"]), text: "" });
      return { ok: true, upload_url: `${origin}/upload/${id}`, file_id: id };
    },
    "files.completeUploadExternal": (args) => {
      const channel = String(args["channel_id"]);
      const refusal = closedTo(channel);
      if (refusal !== undefined) return refusal;
      for (const { id } of args["files"] as { id: string }[]) {
        const file = pending.get(id);
        if (file === undefined) return no("file_not_found");
        const thread = args["thread_ts"] as string | undefined;
        files.push({ channel, ...file, ...(thread === undefined ? {} : { thread }) });
      }
      return { ok: true, files: [] };
    },
  };

  return {
    apiUrl: `${origin}/api/`,
    botToken,
    /** What the bot's token may do. */
    scopes,
    appToken,
    signingSecret: "signing-secret-of-the-test",
    team: "T0HOME",
    botUser: "U0SHIPMATE",
    appId: "A0SHIPMATE",
    now,
    /** All messages, oldest first, also those for one person. */
    messages: messages as readonly SlackMessage[],
    /** References of messages that people don't see because they came too fast. */
    hidden: hidden as ReadonlySet<string>,
    views: views as readonly OpenView[],
    files: files as readonly { channel: string; thread?: string; name: string; text: string }[],
    /** Every call, in order. */
    asked: asked as readonly { readonly method: string; readonly args: Args }[],
    /** Calls that were answered with a "no" that no test had asked for. */
    refused: refused as readonly { readonly method: string; readonly answer: object }[],
    posts: (channel: string) => counts.posts.get(channel) ?? 0,
    edits: (channel: string) => counts.edits.get(channel) ?? 0,
    /** Everybody and everything that a message of ours would have called by a live mention. */
    mentions: () => messages.flatMap(mentionsIn),
    /** Lets the next call of `method` meet a fault; several queue up. */
    next(method: string, fault: Fault) {
      faults.set(method, [...(faults.get(method) ?? []), fault]);
    },
    /** From now on no call is served: each is refused with 503, or never answered. Undefined: it is over. */
    outage(how: "refuses" | "hangs" | undefined) {
      away = how;
    },
    /** Somebody deletes a message. */
    remove(message: SlackMessage) {
      messages.splice(messages.indexOf(message), 1);
    },
    /** The channel is no more. */
    archive: (channel: string) => gone.add(channel),
    /** A channel that the app was not invited to. */
    leave: (channel: string) => absent.add(channel),
    trigger(user: string): string {
      const id = `${triggers.size + 1}.${now()}.${randomUUID()}`;
      triggers.set(id, { user, at: now(), used: false });
      return id;
    },
    connections: () => lines.size,
    /** Cuts every Socket Mode connection, as Slack does now and then. */
    disconnect() {
      for (const line of lines)
        line.send(JSON.stringify({ type: "disconnect", reason: "warning" }));
    },
    /** Sends an envelope over one Socket Mode connection and gives the payload of its acknowledgement. */
    envelope(type: string, payload: unknown, more: object = {}): Promise<unknown> {
      const [line] = lines;
      if (line === undefined) throw new Error("no Socket Mode connection");
      const envelope_id = randomUUID();
      return new Promise((resolve) => {
        acks.set(envelope_id, resolve);
        line.send(
          JSON.stringify({ envelope_id, type, payload, accepts_response_payload: true, ...more }),
        );
      });
    },
    /** The first message (of these, or of all) that fits, as soon as there is one; throws after `limit` ms. */
    async sees(fits: (message: SlackMessage) => boolean, limit = 25_000): Promise<SlackMessage> {
      return await until(() => messages.find(fits), limit, "no such message");
    },
    /** The first view that fits, as soon as there is one. */
    async shows(fits: (view: OpenView) => boolean, limit = 25_000): Promise<OpenView> {
      return await until(() => views.find(fits), limit, "no such view");
    },
    async close(): Promise<void> {
      for (const line of lines) line.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", origin);
    const body = await textOf(request);
    if (url.pathname.startsWith("/upload/")) {
      const file = pending.get(url.pathname.slice("/upload/".length));
      if (file !== undefined) file.text = body;
      response.writeHead(file === undefined ? 404 : 200).end("OK");
      return;
    }
    const method = url.pathname.slice("/api/".length);
    const args = argsOf(body);
    asked.push({ method, args });
    const fault = faults.get(method)?.shift() ?? weather(method, args);
    if (fault === "hangs" || away === "hangs") return;
    if (away === "refuses") {
      response.writeHead(503).end("{}");
      return;
    }
    if (typeof fault === "object" && "status" in fault) {
      const headers = fault.status === 429 ? { "retry-after": String(fault.retryAfter) } : {};
      response.writeHead(fault.status, headers).end("{}");
      return;
    }
    const wanted = method === "apps.connections.open" ? appToken : botToken;
    const answer =
      request.headers.authorization !== `Bearer ${wanted}`
        ? no("invalid_auth")
        : typeof fault === "object"
          ? no(fault.error)
          : (methods[method]?.(args) ?? no("unknown_method"));
    if (answer["ok"] === false && fault === undefined) refused.push({ method, answer });
    if (fault === "lost") {
      request.socket.destroy();
      return;
    }
    const granted = { "x-oauth-scopes": [...scopes].join(",") };
    response
      .writeHead(200, { "content-type": "application/json", ...granted })
      .end(JSON.stringify(answer));
  }

  function put(
    channel: string,
    args: Args,
    more: { readonly thread?: string; readonly to?: string },
  ): SlackMessage {
    clock = Math.max(clock + 1, now() * 1000);
    const ts = `${Math.floor(clock / 1e6)}.${String(clock % 1e6).padStart(6, "0")}`;
    const before = messages.findLast((one) => one.channel === channel);
    if (hidesBursts && before !== undefined && Number(ts) - Number(before.ts) < 1)
      hidden.add(`${channel}:${ts}`);
    const message: SlackMessage = {
      channel,
      ts,
      ...more,
      text: String(args["text"] ?? ""),
      blocks: listOf(args["blocks"]),
      metadata: args["metadata"],
      edits: 0,
    };
    messages.push(message);
    return message;
  }

  function closedTo(channel: string): Answer | undefined {
    if (gone.has(channel)) return no("is_archived");
    if (absent.has(channel)) return no("not_in_channel");
    return /^[CDG][A-Z0-9]+$/.test(channel) ? undefined : no("channel_not_found");
  }

  function page(args: Args, all: readonly SlackMessage[]): Answer {
    const channel = String(args["channel"]);
    const refusal = closedTo(channel);
    if (refusal !== undefined) return refusal;
    const oldest = Number(args["oldest"] ?? 0);
    const found = all.filter((one) => one.channel === channel && Number(one.ts) > oldest);
    const from = Number(args["cursor"] ?? 0);
    const limit = Math.min(999, Number(args["limit"] ?? 100));
    const to = from + limit;
    return {
      ok: true,
      messages: found.slice(from, to).map(({ ts, text, metadata }) => ({
        type: "message",
        bot_id: "B0SHIPMATE",
        ts,
        text,
        ...(args["include_all_metadata"] === true ? { metadata } : {}),
      })),
      has_more: to < found.length,
      response_metadata: { next_cursor: to < found.length ? String(to) : "" },
    };
  }
}

/** Where a message to a person goes: their conversation with the app. */
function roomOf(channel: string): string {
  return /^[UW]/.test(channel) ? `D${channel.slice(1)}` : channel;
}

export type Args = { readonly [name: string]: unknown };

/** Arguments come as a form, in which whatever is no text is JSON. */
function argsOf(body: string): Args {
  const jsons = ["blocks", "metadata", "view", "files", "include_all_metadata", "limit"];
  return Object.fromEntries(
    [...new URLSearchParams(body)].map(([name, value]) => [
      name,
      jsons.includes(name) ? JSON.parse(value) : value,
    ]),
  );
}

function faultOf(args: Args): { ok: false; error: string } | undefined {
  const wrong = faultsOfMessage({ text: args["text"], blocks: args["blocks"] });
  const metadata = args["metadata"] as
    | { event_type?: unknown; event_payload?: unknown }
    | undefined;
  if (wrong.includes("msg_blocks_too_long")) return no("msg_blocks_too_long");
  if (wrong.includes("neither text nor blocks")) return no("no_text");
  if (wrong.length > 0) return { ...no("invalid_blocks"), ...saying(wrong) };
  if (metadata !== undefined && typeof metadata.event_type !== "string")
    return no("invalid_metadata_format");
  return undefined;
}

function no(error: string): { ok: false; error: string } {
  return { ok: false, error };
}

function saying(wrong: readonly string[]) {
  return { response_metadata: { messages: wrong.map((fault) => `[ERROR] ${fault}`) } };
}

/** Whom Slack would notify: mentions in markup, and mention elements in rich text. */
function mentionsIn(message: SlackMessage): readonly string[] {
  const found: string[] = [];
  const look = (it: unknown): void => {
    if (typeof it !== "object" || it === null) return;
    const { type, text } = it as { type?: unknown; text?: unknown };
    if (type === "mrkdwn") found.push(...calledIn(String(text)));
    if (["user", "usergroup", "broadcast", "channel", "team"].includes(String(type)))
      found.push(JSON.stringify(it));
    for (const part of Object.values(it)) look(part);
  };
  look(message.blocks);
  return [...found, ...calledIn(message.text)];
}

function calledIn(markup: string): readonly string[] {
  return [...markup.matchAll(/<([@!#][^>]+|https?:[^>]+)>/g)].map(([, called]) => called ?? "");
}

function listOf(it: unknown): readonly unknown[] {
  return Array.isArray(it) ? it : [];
}

function count(counts: Map<string, number>, channel: string): void {
  counts.set(channel, (counts.get(channel) ?? 0) + 1);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

async function until<T>(look: () => T | undefined, limit: number, says: string): Promise<T> {
  const end = performance.now() + limit;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`${says} within ${limit} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
