/**
 * Sends each run's trace once it has ended. What is sent is read from SQL, so that a collector that is away costs
 * nothing but the names of runs in memory; a process that comes up sends again what ended in the last minute, since
 * another may have died before it did: the same spans under the same ids.
 */
import type { Span } from "../observe/trace.ts";
import type { Database } from "../store/database.ts";
import { endedSince } from "../store/run-lists.ts";
import { readRecorded, spansOf } from "./spans.ts";

export interface TracingParts {
  readonly database: Database;
  readonly send: (spans: readonly Span[]) => Promise<void>;
  readonly troubled: (error: unknown) => void;
  /** How long to wait after it did not work, in milliseconds (30,000). */
  readonly pause?: number;
}
export interface Tracing {
  ended(run: string): void;
  /** Sends what is left, for two seconds at most. */
  close(): Promise<void>;
}

/** How many runs are sent at once, and how many are remembered while the collector is away: the oldest go. */
const together = 20;
const most = 10_000;
/** In milliseconds. */
const lookBack = 60_000;
const lastWords = 2_000;

export function startTracing({ database, send, troubled, pause = 30_000 }: TracingParts): Tracing {
  const waiting = new Set<string>();
  let working: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closing = false;

  const work = async (): Promise<void> => {
    while (waiting.size > 0) {
      const some = [...waiting].slice(0, together);
      const spans: Span[] = [];
      for (const run of some) {
        const recorded = await readRecorded(database, run);
        if (recorded) spans.push(...spansOf(recorded));
      }
      if (spans.length > 0) await send(spans);
      for (const run of some) waiting.delete(run);
    }
  };
  const begin = (): void => {
    clearTimeout(timer);
    timer = undefined;
    working ??= work()
      .catch((error: unknown) => {
        if (closing) return;
        troubled(error);
        timer = setTimeout(begin, pause);
        timer.unref();
      })
      .finally(() => {
        working = undefined;
        if (waiting.size > 0 && timer === undefined && !closing) begin();
      });
  };
  const ended = (run: string): void => {
    const [oldest] = waiting;
    if (waiting.size >= most && oldest !== undefined) waiting.delete(oldest);
    waiting.add(run);
    if (timer === undefined) begin();
  };
  endedSince(database, lookBack).then((runs) => runs.forEach(ended), troubled);

  return {
    ended,
    async close() {
      closing = true;
      begin();
      const late = Promise.withResolvers<void>();
      const limit = setTimeout(late.resolve, lastWords);
      await Promise.race([working, late.promise]);
      clearTimeout(limit);
      waiting.clear();
    },
  };
}
