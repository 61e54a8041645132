/** What a container that does not come up wrote last, and the event behind it; asked for once for each stuck pod. */
import { line } from "../../../observe/text.ts";
import type { Release, Spot } from "../types.ts";
import type { Reason } from "./reasons.ts";

const lines = 10;
/** Characters of a line. */
const longest = 400;
/** Milliseconds: for one reading, and between two as long as nothing was written. */
const patience = 3_000;

export type LastWords = (
  spot: Spot,
  release: Release,
  state: "going" | "good" | "bad",
  reason: Reason | undefined,
  signal: AbortSignal,
  /** Whose right to read logs counts. */
  by?: string,
) => Promise<readonly string[]>;

/** Remembers those of each service's newest release, so that they stay when its pods are gone. */
export function lastWords(now: () => number): LastWords {
  const memory = new Map<string, Said>();
  return async (spot, release, state, reason, signal, by) => {
    const key = [spot.own.name, spot.namespace, spot.environment, spot.service].join("/");
    const known = memory.get(key);
    const mine = known?.number === release.number ? known : undefined;
    if (!reason) return mine?.says ?? [];
    const of = [reason.kind, reason.log?.pod.metadata.uid, reason.log?.container, state].join("/");
    const enough =
      mine?.of === of && (mine.written.length > 0 || now() - mine.at < patience || !reason.log);
    const fresh = enough ? mine.written : await written(spot, reason.log, signal, by);
    const kept = fresh.length > 0 ? fresh : (mine?.written ?? []);
    const event = reason.event ? [`${reason.event.reason}: ${reason.event.message}`] : [];
    const says = [...kept, ...event.map((text) => line(text, longest))];
    const at = enough ? mine.at : now();
    memory.set(key, { number: release.number, of, written: kept, says, at });
    return says;
  };
}

interface Said {
  readonly number: number;
  readonly of: string;
  readonly written: readonly string[];
  readonly says: readonly string[];
  readonly at: number;
}

async function written(
  { as, namespace }: Spot,
  log: Reason["log"],
  signal: AbortSignal,
  by: string | undefined,
): Promise<readonly string[]> {
  if (!log) return [];
  const pod = { namespace, pod: log.pod.metadata.name, container: log.container };
  const limited = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
  const read = async (previous: boolean) => {
    const found: string[] = [];
    const how = { tail: lines, ...(previous && { previous }) };
    for await (const { text } of as(by).logs(pod, how, limited)) found.push(line(text, longest));
    return found.slice(-lines);
  };
  for (const previous of [log.previous, !log.previous]) {
    // A container that has written nothing yet, or a log that is gone or not for them to read, is no reason not to tell the rest.
    const found = await read(previous).catch(() => []);
    signal.throwIfAborted();
    if (found.length > 0) return found;
  }
  return [];
}
