/** The stream of what a service writes: all its processes' files, merged by time, then followed. */
import { setTimeout as pause } from "node:timers/promises";
import { milliseconds, type Time } from "../../core/time.ts";
import { merged } from "../../observe/merged.ts";
import { type Line, type Reader, reader, written } from "./lines.ts";
import { logFiles, processOf } from "./log-file.ts";

export interface Wanted {
  readonly service: string;
  readonly since?: Time | undefined;
  readonly search?: string | undefined;
  readonly tail?: number | undefined;
  readonly follow: boolean;
  /** Only what processes wrote whose number is below this one; never followed. */
  readonly below?: number | undefined;
}

/** How often a followed log is looked at, in milliseconds. */
const every = 200;
/** The most that `tail` holds at once, in characters. */
const held = 8_000_000;

/** Ends quietly when the signal aborts. */
export async function* logs(
  folder: string,
  wanted: Wanted,
  now: () => number,
  signal: AbortSignal,
): AsyncGenerator<Line> {
  const since = wanted.since === undefined ? 0 : now() - milliseconds(wanted.since);
  const search = wanted.search?.toLowerCase();
  const fits = ({ at, text }: Line) =>
    at >= since && (search === undefined || text.toLowerCase().includes(search));
  const readers = new Map<string, Reader>();
  const known = (path: string): Reader => {
    const made = readers.get(path) ?? reader(path, wanted.service);
    readers.set(path, made);
    return made;
  };

  const files = [];
  for (const path of logFiles(folder)) {
    if (wanted.below !== undefined && processOf(path).n >= wanted.below) continue;
    if ((await written(path)) >= since) files.push(path);
  }
  const there = merged(
    files.map((path) => known(path).read(!wanted.follow || wanted.below !== undefined)),
  );
  yield* wanted.tail === undefined
    ? only(there, fits, signal)
    : last(only(there, fits, signal), wanted.tail);

  while (wanted.follow && wanted.below === undefined && !signal.aborted) {
    await pause(every, undefined, { signal }).catch(() => undefined); // aborted: the loop ends
    const fresh = logFiles(folder).filter((path) => path.endsWith(".log"));
    yield* only(merged(fresh.map((path) => known(path).read(false))), fits, signal);
  }
}

async function* only(
  lines: AsyncIterable<Line>,
  fits: (line: Line) => boolean,
  signal: AbortSignal,
): AsyncGenerator<Line> {
  for await (const line of lines) {
    if (signal.aborted) return;
    if (fits(line)) yield line;
  }
}

async function* last(lines: AsyncIterable<Line>, count: number): AsyncGenerator<Line> {
  let ring: Line[] = [];
  let start = 0;
  let size = 0;
  for await (const line of lines) {
    ring.push(line);
    size += line.text.length;
    while (ring.length - start > count || (size > held && ring.length - start > 1)) {
      size -= ring[start]?.text.length ?? 0;
      start++;
    }
    if (start > count) [ring, start] = [ring.slice(start), 0];
  }
  yield* ring.slice(start);
}
