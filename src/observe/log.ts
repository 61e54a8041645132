/** Logs for machines: one JSON object a line, and none leaves unmasked. */
import { type DestinationStream, type Logger, pino, stdSerializers, stdTimeFunctions } from "pino";
import type { Mask } from "./mask.ts";

export type Log = Logger;
export const levels = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
export type Level = (typeof levels)[number];

export interface LogParts {
  readonly level: Level;
  readonly mask: Mask;
  /** Standard error where absent: standard output is for people. */
  readonly destination?: DestinationStream;
}

/**
 * A log with `time` (ISO, UTC), `level` as a word, `msg`, and errors under `err` with stack and causes.
 * Bind what a line is about: `log.child({ run, step })`.
 */
export function logger({ level, mask, destination }: LogParts): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: stdSerializers.errWithCause, error: stdSerializers.errWithCause },
      hooks: { streamWrite: (line) => masked(line, mask) },
    },
    destination ?? pino.destination(2),
  );
}

/** As data, so that a mask in the middle of a line can't break it as JSON; then bindings are masked like the rest. */
function masked(line: string, mask: Mask): string {
  try {
    const data: unknown = JSON.parse(line);
    return `${JSON.stringify(mask.data(data))}\n`;
  } catch {
    return `${JSON.stringify({ level: "error", msg: mask.text(line.trimEnd()) })}\n`;
  }
}
