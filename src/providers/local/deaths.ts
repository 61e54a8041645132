/** Sentences about processes that ended or never became healthy. */
import type { Ended } from "./process.ts";

export function refusedToStart(version: string, ended: Ended, milliseconds: number): string {
  const how = manner(ended);
  return how === undefined
    ? `${version} did not start: it ended while nobody watched.`
    : `${version} did not start: it ${how} after ${seconds(milliseconds)}.`;
}

export function stayedUnhealthy(version: string, milliseconds: number, says: string): string {
  return `${version} did not become healthy in ${seconds(milliseconds)}: ${says}.`;
}

export function whyEnded(version: string, ended: Ended): string {
  return `${version} ${manner(ended) ?? "ended while nobody watched"}.`;
}

function manner({ code, signal }: Ended): string | undefined {
  if (signal !== undefined) return `was ended by ${signal}`;
  return code === undefined ? undefined : `exited with code ${code}`;
}

function seconds(milliseconds: number): string {
  return `${Number((milliseconds / 1_000).toFixed(milliseconds < 10_000 ? 1 : 0))} s`;
}
