/** The Teams surface: the Bot Connector's requests in, messages, dialogs and chats out. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Budget, Door, Surface } from "../../core/surface.ts";
import { answers, type Reply } from "./answers.ts";
import { check, isForTests, isLoopback, type TeamsConfig } from "./config.ts";
import { connector } from "./connector.ts";
import { type Consent, files, isOneDrive } from "./files.ts";
import { hear, placeOf } from "./heard.ts";
import { knowledge } from "./known.ts";
import { outbox } from "./outbox.ts";
import { Activity } from "./payloads.ts";
import { refOf } from "./ref.ts";
import { roster } from "./roster.ts";
import { isSame, sightings } from "./sightings.ts";
import { Envelope, signatures } from "./signature.ts";
import { tokens } from "./token.ts";

export type { TeamsApp, TeamsConfig } from "./config.ts";

export interface Teams extends Surface {
  /** For `POST /api/messages`. Takes the request with its body unread. */
  requestListener(request: IncomingMessage, response: ServerResponse): void;
  /** Tries the app's own token once, so that a wrong password is told at once. Nothing waits for it. */
  start(): Promise<void>;
}

/** The surface. Throws a Refusal where nobody could tell who speaks. A Teams that is down stops nobody. */
export function teams(config: TeamsConfig, door: Door): Teams {
  check(config);
  const { log } = config;
  const closing = new AbortController();
  const going = new Set<Promise<void>>();
  const token = tokens(config);
  const ask = connector(config, token);
  const known = knowledge(config.now ?? Date.now);
  const people = roster(config, ask, known);
  const seen = sightings();
  const kept = files({ mask: config.mask ?? ((value) => value), isStore });
  const out = outbox({ config, ask, known, roster: people, sightings: seen, files: kept });
  const verdict = signatures(config);
  const replies = answers({ config, door, out, track, signal: closing.signal });

  return {
    name: "teams",
    pace: 1000,
    budgets: documented,
    requestListener,
    start,
    post: out.post,
    edit: out.edit,
    find: out.find,
    close,
  };

  function requestListener(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url?.split("?")[0];
    if (request.method !== "POST" || path !== "/api/messages") {
      response.writeHead(404).end();
      return;
    }
    track(
      take(request).then(
        ({ status, body }) => reply(response, status, body),
        (error: unknown) => {
          log("error", "taking what Teams sent", error);
          reply(response, 500);
        },
      ),
    );
  }

  async function take(request: IncomingMessage): Promise<Reply> {
    const arrived = performance.now();
    const body = await read(request);
    if (body === "too large") return { status: 413 };
    if (body === undefined) return { status: 400 };
    const envelope = Envelope.safeParse(body);
    if (!envelope.success || !isAllowed(request)) return { status: 401 };
    const verified = await verdict(envelope.data, request.headers.authorization);
    if (verified === "forged") return { status: 401 };
    if (verified === "unknown") return { status: 503 };
    const activity = Activity.safeParse(body);
    return activity.success ? await act(activity.data, arrived) : { status: 200 };
  }

  async function act(activity: Activity, arrived: number): Promise<Reply> {
    const account = activity.from.aadObjectId?.toLowerCase();
    const heard = hear(activity, account ?? "");
    if (activity.from.role === "bot" || activity.from.id === activity.recipient.id)
      return { status: 200 };
    known.learn(activity);
    if (heard.is === "nothing") return { status: 200 };
    const standing =
      account === undefined ? "foreign" : await people.standing(activity, closing.signal);
    if (account === undefined || standing !== "ours")
      return replies.refuse(heard, placeOf(activity), standing === "unknown");
    switch (heard.is) {
      case "refresh": {
        track(sighted(heard.message, activity));
        return replies.view(heard.card, account);
      }
      case "open":
        return replies.open(heard.form);
      case "again":
        return await replies.again(heard.key);
      case "file":
        track(hand(heard.consent, activity, account));
        return { status: 200 };
      case "intent":
        return await replies.take(heard, arrived);
    }
  }

  /** A file that somebody wants; the offer goes. */
  async function hand(consent: Consent, activity: Activity, account: string): Promise<void> {
    const { signal } = closing;
    const at = placeOf(activity);
    try {
      const wanted = consent.action === "accept";
      const shown = wanted ? await kept.accept(consent, account, signal) : undefined;
      const old = { type: "message", textFormat: "plain", text: tooOld };
      if (wanted) await out.say(at, shown ?? old, signal);
      if (activity.replyToId) await out.remove(refHere(activity, activity.replyToId), signal);
    } catch (error) {
      log("warn", `handing a file over in ${at.channel}`, error);
    }
  }

  function isStore(url: string): boolean {
    return isOneDrive(url) || (isForTests(config) && isLoopback(URL.parse(url)?.hostname ?? ""));
  }

  /**
   * A client shows a message of ours: what stands there twice is taken away. The client only says which message it is,
   * so the door judges whether that one belongs there.
   */
  async function sighted(id: string, activity: Activity): Promise<void> {
    if (!activity.replyToId) return;
    const ref = refHere(activity, activity.replyToId);
    if (seen.knows(id, ref)) return;
    const { channel } = placeOf(activity);
    const owner = known.owner(channel);
    const at = { surface: "teams", channel, ...(owner !== undefined && { owner }) };
    try {
      const counts = await door.stands(id, at, ref);
      if (counts === undefined) return;
      seen.seen(id, counts);
      if (isSame(counts, ref)) return;
      log("warn", "a message stands there twice after a lost answer: the second one is deleted");
      await out.remove(ref, closing.signal);
    } catch (error) {
      log("warn", `telling where a message stands in ${channel}`, error);
    }
  }

  /** Without signatures, nobody but this machine. */
  function isAllowed(request: IncomingMessage): boolean {
    return config.app !== undefined || isLoopback(request.socket.remoteAddress ?? "");
  }

  async function start(): Promise<void> {
    track(
      token(closing.signal).then(
        () => undefined,
        (error: unknown) => {
          if (!closing.signal.aborted)
            log("error", "Microsoft gives the app no token: look at MicrosoftAppPassword", error);
        },
      ),
    );
  }

  async function close(): Promise<void> {
    closing.abort();
    await Promise.allSettled(going);
  }

  function track(work: Promise<void>): void {
    going.add(work);
    void work.finally(() => going.delete(work));
  }
}

/**
 * For each conversation Teams documents 7 messages and changes in 1 s, 8 in 2 s, 60 in 30 s and 1,800 in an hour
 * (MicrosoftDocs/msteams-docs, bots/how-to/rate-limit.md). What these leave is for what is said outside of runs.
 */
const documented: readonly Budget[] = [
  { of: "all", per: "channel", most: 5, every: 1_000 },
  { of: "all", per: "channel", most: 30, every: 2_100 },
];

function reply(response: ServerResponse, status: number, body?: object): void {
  // What was not read must not be taken for the next request on this connection.
  if (status === 413) response.setHeader("connection", "close");
  if (body === undefined) response.writeHead(status).end();
  else
    response
      .writeHead(status, { "content-type": "application/json; charset=utf-8" })
      .end(JSON.stringify(body));
}

/** The reference of another message in the conversation of an activity. */
function refHere(activity: Activity, id: string): string {
  const { channel, thread } = placeOf(activity);
  const where = { channel, activity: id, serviceUrl: activity.serviceUrl };
  return refOf({ ...where, ...(thread === undefined ? {} : { root: thread }) });
}

const tooOld = "That text is not kept any more. Ask for it again.";

/** The body as JSON; undefined where it is none. */
async function read(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).length;
    if (size > largest) return "too large";
    parts.push(part as Buffer);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString());
  } catch {
    return undefined;
  }
}

/** In bytes. A message of Teams has at most about 100 kB. */
const largest = 1_000_000;
