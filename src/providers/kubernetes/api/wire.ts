/**
 * Requests to one API server over connections that are kept. Each ends within its time limit or when its signal
 * does. An answer 401 makes us read the credentials again, once; an answer 429 was not dealt with, so we wait as long
 * as it says and ask again while the limit lasts. An answer that never came is a plain Error.
 */
import http, { type IncomingMessage } from "node:http";
import https, { type RequestOptions } from "node:https";
import { setTimeout as pause } from "node:timers/promises";
import { parsed, refused, silent } from "./faults.ts";
import { type Access, type Reach, reach } from "./kubeconfig.ts";

export interface Identity {
  readonly user: string;
  readonly groups: readonly string[];
}

export interface Ask {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** With the query. */
  readonly path: string;
  readonly body?: { readonly type: string; readonly value: object };
  /** Who it is done as; our own user needs the right to impersonate. */
  readonly as?: Identity | undefined;
  /** The first of the answer may take as long as it likes: a container that is followed may have nothing to say. */
  readonly quiet?: boolean;
}

export interface Wire {
  /** The answer's JSON. */
  json(ask: Ask, signal: AbortSignal): Promise<unknown>;
  /** The answer's bytes as they come: from then on there is no time limit. */
  stream(ask: Ask, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Closes connections that are kept. */
  close(): void;
}

/** `limit` is how long one call may take, in milliseconds. */
export function wire(access: Access, limit: number): Wire {
  // An API server closes what was idle for 90 s, balancers in front of it after 60 s: we let go before they do.
  const kept = { keepAlive: true, timeout: 30_000, scheduling: "lifo" as const };
  const agents = { http: new http.Agent(kept), https: new https.Agent(kept) };
  let known: Promise<Reach> | undefined;

  const reached = (): Promise<Reach> => {
    const fresh = known ?? reach(access);
    known = fresh;
    fresh.catch(() => {
      if (known === fresh) known = undefined;
    });
    return fresh;
  };

  const send = async (
    to: Reach,
    ask: Ask,
    signal: AbortSignal,
    sent: () => void,
  ): Promise<IncomingMessage> => {
    const signedIn = await unless(signal, to.credentials());
    const url = new URL(to.server + ask.path);
    const [module, agent] = url.protocol === "http:" ? [http, agents.http] : [https, agents.https];
    const content = ask.body && Buffer.from(JSON.stringify(ask.body.value));
    const options: RequestOptions = {
      ...signedIn,
      agent: signedIn.agent ?? agent,
      method: ask.method,
      signal,
      headers: {
        ...signedIn.headers,
        accept: "application/json",
        "user-agent": "shipmate",
        ...(ask.body && { "content-type": ask.body.type, "content-length": content?.length }),
        ...(ask.as && { "impersonate-user": ask.as.user, "impersonate-group": [...ask.as.groups] }),
      },
    };
    return await new Promise((resolve, reject) => {
      const request = module.request(url, options);
      request.once("response", resolve);
      request.once("finish", sent);
      request.on("error", (error) => {
        const cut = request.reusedSocket && "code" in error && error.code === "ECONNRESET";
        reject(cut ? new ClosedMeanwhile(error) : error);
      });
      request.end(content);
    });
  };

  /** The first answer that is neither "sign in again" nor "later". */
  const answered = async (
    ask: Ask,
    signal: AbortSignal,
    sent: () => void = () => {},
  ): Promise<IncomingMessage> => {
    const until = Date.now() + limit;
    let asked = 0;
    let renewed = false;
    for (;;) {
      const used = reached();
      asked += 1;
      const answer = await send(await unless(signal, used), ask, signal, sent).catch(
        (error: unknown) => {
          if (error instanceof ClosedMeanwhile && asked < 3 && harmless(ask)) return undefined;
          throw error instanceof ClosedMeanwhile ? error.cause : error;
        },
      );
      if (answer === undefined) continue;
      const wait = Math.max(200, 1000 * Number(answer.headers["retry-after"] ?? 1) || 1000);
      if (answer.statusCode === 401 && !renewed) {
        renewed = true;
        if (known === used) known = undefined;
        answer.resume();
      } else if (answer.statusCode === 429 && Date.now() + wait < until) {
        answer.resume();
        await pause(wait, undefined, { signal });
      } else return answer;
    }
  };

  /** Runs `body` with a signal that also ends with the time limit; `met` takes the limit away. */
  const limited = async <T>(
    signal: AbortSignal,
    body: (signal: AbortSignal, met: () => void) => Promise<T>,
  ): Promise<T> => {
    signal.throwIfAborted();
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), limit);
    const met = () => clearTimeout(timer);
    try {
      return await body(AbortSignal.any([signal, over.signal]), met);
    } catch (error) {
      signal.throwIfAborted();
      if (over.signal.aborted)
        throw new Error(`the cluster ${access.name} did not answer within ${limit / 1000} s`);
      throw isFromNetwork(error) ? silent(access.name, error) : error;
    } finally {
      met();
    }
  };

  async function* told(answer: IncomingMessage, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      yield* answer;
    } catch (error) {
      signal.throwIfAborted();
      throw silent(access.name, error);
    }
  }

  const judged = async (answer: IncomingMessage): Promise<IncomingMessage> => {
    const code = answer.statusCode ?? 0;
    if (code >= 200 && code < 300) return answer;
    throw refused(access.name, code, await textOf(access.name, answer));
  };

  return {
    json: (ask, signal) =>
      limited(signal, async (both) => {
        const text = await textOf(access.name, await judged(await answered(ask, both)));
        const value = parsed(text);
        if (value === undefined)
          throw new Error(`the cluster ${access.name} answered something that is not JSON`);
        return value;
      }),
    stream: (ask, signal) =>
      limited(signal, async (both, met) => {
        const answer = await answered(ask, both, ask.quiet ? met : undefined);
        return told(await judged(answer), signal);
      }),
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

/** A kept connection that the other side closed just as we used it. */
class ClosedMeanwhile extends Error {
  constructor(cause: Error) {
    super("closed meanwhile", { cause });
  }
}

/** Whether asking a second time changes nothing, even when the first was heard. */
function harmless(ask: Ask): boolean {
  return ask.method === "GET" || ask.path.includes("dryRun=All");
}

/** What comes from Node's network code has a code that is a word; ours has not. */
function isFromNetwork(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}

/** Bytes of an answer that are read; a page of 500 objects has some 10 MB, and all records of a service 30 MB at most. */
const most = 128 * 1024 * 1024;

async function textOf(cluster: string, answer: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of answer) {
    size += piece.length;
    if (size > most) throw new Error(`the cluster ${cluster} answered with more than 128 MB`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

/** The promise's value, unless the signal ends first. */
export async function unless<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const end = () => reject(signal.reason);
  signal.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([promise, ended]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}
