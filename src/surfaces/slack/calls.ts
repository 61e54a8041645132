/** Calls to Slack's Web API: one try each, cut off after ten seconds, with faults that the outbox understands. */
import { webApi } from "@slack/bolt";
import { Gone, Patience } from "../../core/surface.ts";
import type { Log } from "./log.ts";
import { boltLog } from "./log.ts";

export type Client = webApi.WebClient;

/**
 * Asks Slack once. Throws `Patience` where Slack asks to wait, `Gone` where the channel or the message
 * is not there, and an error that leaves the outcome unknown for everything else.
 */
export type Ask = <T>(
  doing: string,
  signal: AbortSignal | undefined,
  call: (client: Client) => Promise<T>,
) => Promise<T>;

export function calls(config: {
  readonly token: string;
  readonly apiUrl?: string;
  readonly log: Log;
  /** Milliseconds. */
  readonly timeout?: number;
}): Ask {
  const logger = boltLog(config.log);
  return async (doing, signal, call) => {
    const client = new webApi.WebClient(config.token, {
      ...(config.apiUrl === undefined
        ? {}
        : { slackApiUrl: `${config.apiUrl.replace(/\/$/, "")}/` }),
      logger,
      // The library would post again after a lost answer: the outbox looks first.
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      timeout: config.timeout ?? 10_000,
      fetch: (url, init) =>
        fetch(url, {
          ...init,
          signal: AbortSignal.any([signal, init?.signal].filter((one) => one !== undefined)),
        }),
    });
    try {
      return await call(client);
    } catch (error) {
      throw meant(doing, error);
    }
  };
}

/** The error code of Slack's own "no", where it is one. */
export function refusal(error: unknown): string | undefined {
  if (error instanceof webApi.WebAPIPlatformError) return error.data.error;
  return error instanceof Error && error.cause !== undefined ? refusal(error.cause) : undefined;
}

function meant(doing: string, error: unknown): Error {
  if (error instanceof webApi.WebAPIRateLimitedError)
    return new Patience(error.retryAfter * 1000, { asked: true });
  const code = refusal(error);
  if (code !== undefined && impatient.has(code)) return new Patience(30_000, { asked: true });
  const says = `${doing}: ${code ?? (error instanceof Error ? error.message : String(error))}`;
  return code !== undefined && gone.has(code)
    ? new Gone(says, { cause: error })
    : new Error(says, { cause: error });
}

const impatient = new Set(["ratelimited", "rate_limited", "message_limit_exceeded"]);

const gone = new Set([
  "channel_not_found",
  "is_archived",
  "message_not_found",
  "cant_update_message",
  "edit_window_closed",
  "thread_not_found",
  "not_in_channel",
]);
