/** Turns a stream into a card: what is there at once, then, while it is followed, the newest lines. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Card, Say } from "../core/card.ts";
import type { Stream } from "../core/operation.ts";
import { plain } from "../observe/text.ts";
import type { Database } from "../store/database.ts";
import { changeReply, isFollowing } from "../store/messages.ts";

export interface LinesParts {
  readonly database: Database;
  /** A line is masked before it is cut: the beginning of a secret is one too. */
  readonly mask: (text: string) => string;
  readonly posted: () => void;
  readonly closing: AbortSignal;
}
export interface Reading {
  /** The message's. */
  readonly id: string;
  readonly title: string;
  /** Whether it goes on when what is there was read. */
  readonly follows: boolean;
  /** Says the same once more. */
  readonly again: Say;
  readonly open: (signal: AbortSignal) => AsyncIterable<unknown>;
}
export interface Lines {
  readonly card: Card;
  /** Whether there is more to come. */
  readonly open: boolean;
  /** Keeps the card up to date, once its message is there. */
  goOn(): void;
}

/** The longest line, and all that is kept of lines, in characters; how many a card shows while it is followed. */
const widest = 400;
const room = 60_000;
const shown = 40;
/** How long the first lines are waited for at most, after which pause there are no more, and how long is followed or read, in milliseconds. */
const firstWait = { follows: 1_500, ends: 5_000 };
const lull = 300;
const limit = 300_000;
const between = 1_000;
/** How long it reads at a stretch and rests then, in milliseconds: what people say is not behind a log that pours. */
const stretch = 3;
const rest = 6;

/**
 * The card of what was there in the first moments. A log that is followed shows its newest lines for five minutes or
 * until somebody stops it, and then says that it ended; one that ends by itself is there as a whole.
 */
export async function readLines(parts: LinesParts, reading: Reading): Promise<Lines> {
  const { follows } = reading;
  const stop = new AbortController();
  const late = AbortSignal.timeout(limit);
  const signal = AbortSignal.any([parts.closing, stop.signal, late]);
  const lines: string[] = [];
  let left = 0;
  let size = 0;
  /** Why it ended; empty where the stream itself did. */
  let ended: string | undefined;
  let broke: unknown;
  const pump = (async () => {
    let began = performance.now();
    for await (const line of reading.open(signal)) {
      const text = textOf(line, parts.mask);
      lines.push(text);
      for (size += text.length + 1; size > room; left++)
        size -= (lines.shift()?.length ?? size) + 1;
      if (performance.now() - began < stretch) continue;
      await sleep(rest, undefined, { signal });
      began = performance.now();
    }
  })()
    .catch((error: unknown) => {
      if (!signal.aborted) broke = error;
    })
    .finally(() => {
      if (stop.signal.aborted) ended = "stopped";
      else if (parts.closing.aborted) ended = "ended, because Shipmate was stopped";
      else if (late.aborted) ended = "ended after 5 min";
      else ended = broke === undefined ? "" : "ended, because it could not be read on";
    });
  const count = () => left + lines.length;
  if (follows) await firstOf(pump, count);
  else await first(pump, firstWait.ends);
  if (broke !== undefined && lines.length === 0) throw broke;

  const card = (): Card => {
    const seen = follows ? lines.slice(-shown) : lines;
    const hidden = count() - seen.length;
    const going = follows ? "following for 5 min" : "still reading";
    return {
      title: reading.title,
      ...(seen.length === 0 && {
        says: ended === undefined ? "It has written nothing yet." : "It has written nothing.",
      }),
      ...(seen.length > 0 && { code: { text: seen.join("\n"), language: "log" } }),
      facts: [
        ...(hidden > 0 ? [`${hidden} earlier lines left out`] : []),
        ...(ended === undefined ? [going] : ended === "" ? [] : [ended]),
      ],
      buttons: buttonsOf(reading, ended),
    };
  };
  const goOn = async (): Promise<void> => {
    for (let seen = count(); ; seen = count()) {
      await first(pump, between);
      if (ended === undefined && !(await isFollowing(parts.database, reading.id))) {
        stop.abort();
        await first(pump, between);
        ended ??= "stopped";
      }
      if (ended === undefined && count() === seen) continue;
      await changeReply(parts.database, reading.id, card(), ended !== undefined);
      parts.posted();
      if (ended !== undefined) return;
    }
  };
  return {
    card: card(),
    open: ended === undefined,
    goOn() {
      if (ended !== undefined) return;
      goOn().catch(() => stop.abort()); // the database is away: the card stays as it is
    },
  };
}

function buttonsOf({ id, follows, again }: Reading, ended: string | undefined): readonly Say[] {
  if (ended === undefined) return [{ label: "Stop", command: "unfollow", args: { log: id } }];
  return follows ? [again] : [];
}

/** Until something came and then nothing for a moment; a stream that is followed has no end to wait for. */
async function firstOf(work: Promise<void>, count: () => number): Promise<void> {
  let isOver = false;
  const over = first(work, firstWait.follows).finally(() => {
    isOver = true;
  });
  for (let seen = -1; !isOver && (count() === 0 || count() !== seen); ) {
    seen = count();
    await Promise.race([over, first(work, lull)]);
  }
}

/** Whichever comes first; the time alone keeps no process alive. */
function first(work: Promise<void>, milliseconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  timer.unref();
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

function textOf(line: unknown, mask: (text: string) => string): string {
  const text =
    typeof line === "object" && line !== null && "text" in line
      ? mask(plain(String(line.text)))
      : "";
  return text.length > widest ? `${text.slice(0, widest - 1)}…` : text;
}

/** Whether a stream was asked to go on when what is there was read. */
export function goesOn({ input }: Stream): boolean {
  return typeof input === "object" && input !== null && Reflect.get(input, "follow") === true;
}
