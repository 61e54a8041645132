/** Turns a stream into a card: what is there at once, then, while it goes on, the newest lines. */
import type { Card } from "../core/card.ts";
import { plain } from "../observe/text.ts";
import type { Database } from "../store/database.ts";
import { changeReply } from "../store/messages.ts";

export interface LinesParts {
  readonly database: Database;
  /** A line is masked before it is cut: the beginning of a secret is one too. */
  readonly mask: (text: string) => string;
  readonly posted: () => void;
  readonly closing: AbortSignal;
}
export interface Reading {
  readonly id: string;
  readonly title: string;
  readonly open: (signal: AbortSignal) => AsyncIterable<unknown>;
}

/** How many lines a card keeps, how long one line may be, and how long is waited for the first ones and followed, in milliseconds. */
const kept = 40;
const widest = 400;
const firstWait = 1_500;
const followed = 300_000;
const between = 1_000;

/** The card of what was there within 1.5 s; `goOn` keeps it up to date for five minutes where the stream goes on. */
export async function readLines(
  parts: LinesParts,
  reading: Reading,
): Promise<{ readonly card: Card; goOn(): void }> {
  const stop = new AbortController();
  const signal = AbortSignal.any([parts.closing, stop.signal, AbortSignal.timeout(followed)]);
  const lines: string[] = [];
  let left = 0;
  let ended = false;
  let broke: unknown;
  const pump = (async () => {
    for await (const line of reading.open(signal)) {
      lines.push(textOf(line, parts.mask));
      if (lines.length > kept) left += lines.splice(0, lines.length - kept).length;
    }
  })()
    .catch((error: unknown) => {
      if (!signal.aborted) broke = error;
    })
    .finally(() => {
      ended = true;
    });
  await Promise.race([pump, new Promise((resolve) => setTimeout(resolve, firstWait))]);
  if (broke !== undefined && lines.length === 0) throw broke;
  const card = (): Card => ({
    title: reading.title,
    ...(lines.length === 0 && {
      says: ended ? "It has written nothing." : "It has written nothing yet.",
    }),
    ...(lines.length > 0 && { code: { text: lines.join("\n"), language: "log" } }),
    facts: [
      ...(left > 0 ? [`${left} earlier lines left out`] : []),
      ...(ended ? [] : ["following for 5 min"]),
    ],
  });
  return {
    card: card(),
    goOn() {
      if (ended) return;
      let seen = left + lines.length;
      const timer = setInterval(async () => {
        if (ended) clearInterval(timer);
        if (!ended && left + lines.length === seen) return;
        seen = left + lines.length;
        try {
          await changeReply(parts.database, reading.id, card());
          parts.posted();
        } catch {
          stop.abort(); // the database is away: the card stays as it is
          clearInterval(timer);
        }
      }, between);
      timer.unref();
    },
  };
}

function textOf(line: unknown, mask: (text: string) => string): string {
  const text =
    typeof line === "object" && line !== null && "text" in line
      ? mask(plain(String(line.text)))
      : "";
  return text.length > widest ? `${text.slice(0, widest - 1)}…` : text;
}
