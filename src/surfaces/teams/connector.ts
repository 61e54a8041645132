/**
 * Calls to the Bot Connector's REST API: one try each, with faults that the outbox understands.
 *
 * botbuilder's own client posts again after a lost answer and can't be told not to, so it is not used here.
 */
import { Gone, Patience } from "../../core/surface.ts";
import type { TeamsConfig } from "./config.ts";
import type { Token } from "./token.ts";

export interface Call {
  /** In words, for errors. */
  readonly doing: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly serviceUrl: string;
  /** From `v3/` on; its parts are encoded already. */
  readonly path: string;
  readonly body?: object;
}

/**
 * Asks once. Throws `Patience` where Teams asks to wait, `Gone` where the conversation or the message is
 * not there, `TooBig`, and an error that leaves the outcome unknown for everything else.
 */
export type Ask = (call: Call, signal: AbortSignal) => Promise<unknown>;

/** The message is larger than Teams takes. Nothing was posted. */
export class TooBig extends Error {
  override readonly name = "TooBig";
}

export function connector(config: TeamsConfig, token: Token): Ask {
  const random = config.random ?? Math.random;
  /** Refusals in a row, by place: each makes the next wait longer. */
  const busy = new Map<string, number>();
  return async (call, signal) => {
    const both = AbortSignal.any([signal, AbortSignal.timeout(config.timeout ?? 10_000)]);
    const answer = await send(call, both).catch((error: unknown) => {
      throw new Error(`${call.doing}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    });
    const text = await answer.text();
    if (!answer.ok) throw meant(call, answer, text);
    busy.delete(call.path);
    return jsonOf(text);
  };

  async function send({ method, serviceUrl, path, body }: Call, signal: AbortSignal) {
    const bearer = await token(signal);
    return await fetch(new URL(path, serviceUrl.replace(/\/*$/, "/")), {
      method,
      redirect: "error",
      headers: {
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
    });
  }

  function meant({ doing, method, path }: Call, answer: Response, text: string): Error {
    const { status } = answer;
    const code = codeOf(text);
    const says = `${doing}: ${status}${code === "" ? "" : ` ${code}`}`;
    // 412 was not carried out; 502 and 504 leave open whether a post was, a change can be made again.
    const again = [412, 429].includes(status) || ([502, 504].includes(status) && method !== "POST");
    if (again) {
      const wait = waitOf(path, answer.headers.get("retry-after"));
      return new Patience(wait, { asked: status === 429 });
    }
    if (status === 413 || code === "MessageSizeTooBig") return new TooBig(says);
    if (status === 404 || (status === 403 && gone.test(code))) return new Gone(says);
    return new Error(says);
  }

  /** What Teams asks for, else from 2 to 20 seconds, longer each time and spread by a quarter either way. */
  function waitOf(path: string, asked: string | null): number {
    if (busy.size > 1000) busy.clear();
    const times = busy.get(path) ?? 0;
    busy.set(path, times + 1);
    const seconds = Number(asked ?? Number.NaN);
    const base = Number.isFinite(seconds) ? seconds * 1000 : Math.min(20_000, 2000 * 2 ** times);
    const spread = Number.isFinite(seconds) ? random() * 0.25 : (random() - 0.5) * 0.5;
    return Math.round(base * (1 + spread));
  }
}

/** Codes of 403 that no later try mends: the app was removed, blocked or muted there. */
const gone =
  /^(BotNotInConversationRoster|ConversationNotFound|ConversationBlockedByUser|MessageWritesBlocked|BotDisabledByAdmin|ForbiddenOperationException|NotEnoughPermissions)$/;

function codeOf(text: string): string {
  const body = jsonOf(text) as { readonly error?: { readonly code?: unknown } } | undefined;
  const code = body?.error?.code;
  return typeof code === "string" ? code.replace(/[^\w-]/g, "").slice(0, 60) : "";
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
