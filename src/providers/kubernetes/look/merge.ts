/** Lines of many logs as one: by time where all is there, nearly by time where they still come. */
import { setImmediate as others, setTimeout as pause } from "node:timers/promises";

export interface Line {
  readonly text: string;
  readonly from: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The last `count` lines of all parts by time, read a few parts at a time. */
export async function lastOf(
  parts: readonly AsyncIterable<Line>[],
  count: number,
): Promise<readonly Line[]> {
  const waiting = [...parts];
  let best: Line[] = [];
  const keep = (lines: readonly Line[]) => {
    best = [...best, ...lines].sort((a, b) => a.at - b.at).slice(-count);
  };
  const reader = async () => {
    for (let part = waiting.shift(); part; part = waiting.shift()) {
      let last: Line[] = [];
      for await (const line of part) if (last.push(line) > 2 * count) last = last.slice(-count);
      keep(last.slice(-count));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, reader));
  return best;
}
const atOnce = 10;

/** Lines that come from many sides, waiting for one reader. */
export interface Mixer {
  put(line: Line): void;
  /** Waits for a moment, so that what comes a little late still stands in order. Ends with the signal. */
  read(signal: AbortSignal): AsyncGenerator<Line>;
}

interface Limits {
  /** Milliseconds that a line waits for others that are older. */
  readonly window?: number;
  /** Of waiting lines, and of their characters: what a slow reader does not fetch is left out, the oldest first. */
  readonly lines?: number;
  readonly characters?: number;
  readonly now?: () => number;
}

export function mixer(limits: Limits = {}): Mixer {
  const { window = 300, lines = 10_000, characters = 4_000_000, now = Date.now } = limits;
  let held: { readonly line: Line; readonly came: number }[] = [];
  let size = 0;
  let left = 0;

  function drop(): void {
    const half = Math.ceil(held.length / 2);
    const kept = held.slice(half);
    size = kept.reduce((sum, { line }) => sum + line.text.length, 0);
    held = kept;
    left += half;
  }
  function take(until: number): Line[] {
    const newest = held.reduce(
      (at, { came, line }) => (came <= until ? Math.max(at, line.at) : at),
      Number.NEGATIVE_INFINITY,
    );
    // What has waited long enough takes along whatever is older and came after it.
    const ripe = held.filter(({ line }) => line.at <= newest);
    held = held.filter(({ line }) => line.at > newest);
    for (const { line } of ripe) size -= line.text.length;
    return ripe.map(({ line }) => line).sort((a, b) => a.at - b.at);
  }

  return {
    put(line) {
      held.push({ line, came: now() });
      size += line.text.length;
      if (held.length > lines || size > characters) drop();
    },
    async *read(signal) {
      while (!signal.aborted) {
        await pause(window / 2, undefined, { signal }).catch(() => undefined); // ends with the signal
        const out = left;
        left = 0;
        const ripe = take(now() - window);
        if (out > 0) yield leftOut(out, ripe[0]?.at ?? now());
        for (const [at, line] of ripe.entries()) {
          // Thousands of lines must not keep everybody else waiting until the last of them is told.
          if (at % turn === turn - 1) await others();
          if (signal.aborted) return;
          yield line;
        }
      }
    },
  };
}

/** Lines that are told without a break: about 1 ms of work. */
const turn = 64;

function leftOut(count: number, at: number): Line {
  const says = count === 1 ? "1 line" : `${count.toLocaleString("en")} lines`;
  return { at, from: "", text: `… ${says} left out: more came than could be shown` };
}
