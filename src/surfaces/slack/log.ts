/** What the surface tells the operator, and the libraries' own warnings on the same way. */

import type { Logger } from "@slack/bolt";
import { LogLevel } from "@slack/bolt";

/** One line for the operator. Never holds a token or the text of a message. */
export type Log = (level: "warn" | "error", says: string, cause?: unknown) => void;

/** A logger for Bolt that hands on warnings and errors and drops the rest, which would show whole payloads. */
export function boltLog(log: Log): Logger {
  const says = (message: readonly unknown[]) => `slack: ${message.map(String).join(" ")}`;
  const nothing = () => undefined;
  return {
    debug: nothing,
    info: nothing,
    warn: (...message) => log("warn", says(message)),
    error: (...message) => log("error", says(message)),
    setLevel: nothing,
    getLevel: () => LogLevel.WARN,
    setName: nothing,
  };
}
