/** What is remembered of one service in one environment: releases, processes, and effects by their keys. */
import { z } from "zod";

const Process = z.object({
  /** Counts the service's processes; names its log file. */
  n: z.int(),
  version: z.string(),
  /** Ours alone: stands in the process' arguments, so that it is found without trusting its pid. */
  instance: z.string(),
  port: z.int(),
  /** Null between the decision to start it and its start. */
  pid: z.int().nullable(),
  /** Milliseconds since 1970. */
  started: z.number(),
});
export type Process = z.output<typeof Process>;

const Release = z.object({
  uid: z.string(),
  version: z.string(),
  at: z.number(),
  /** Good: it became healthy. */
  state: z.enum(["going", "good", "bad"]),
  /** Why it is bad, in one sentence. */
  why: z.string(),
  /** The last lines of a bad one. */
  log: z.array(z.string()),
  /** Who asked for it, by id. */
  by: z.string().optional(),
  /** Goes on only with a process that was started since: a restart. */
  anew: z.boolean().optional(),
});
export type Release = z.output<typeof Release>;

const Serving = z.object({
  version: z.string(),
  process: Process.nullable(),
  /** How often it was started again. */
  restarts: z.int(),
  /** Deaths since it was last up for a while: they make the pause before the next start. */
  deaths: z.int(),
  /** When it may be started again. */
  next: z.number(),
  /** What it died of last. */
  why: z.string(),
});
export type Serving = z.output<typeof Serving>;

export const State = z.object({
  /** Effects carried out so far. It never goes back, so that a uid is never used twice. */
  effects: z.int(),
  /** The front's port, kept for good. */
  port: z.int().nullable(),
  /** Processes started so far. */
  processes: z.int(),
  /** The newest first; the first one is what is wanted. Empty: nothing is. */
  releases: z.array(Release),
  /** What the front leads to, and what is kept up. */
  serving: Serving.nullable(),
  /** The process that is to become the serving one. */
  candidate: Process.nullable(),
  /** Processes on their way out. */
  leaving: z.array(Process),
  /** Effects by key, the newest last. */
  keys: z.array(z.object({ key: z.string(), url: z.string().nullable() })),
});
export type State = z.output<typeof State>;

export const nothing: State = {
  effects: 0,
  port: null,
  processes: 0,
  releases: [],
  serving: null,
  candidate: null,
  leaving: [],
  keys: [],
};

/** Every process that may be there. */
export function processesOf(state: State): readonly Process[] {
  return [state.serving?.process, state.candidate, ...state.leaving].filter(
    (process) => process !== null && process !== undefined,
  );
}
