/** A container's log as the API server streams it: lines with their time. */
import { byteLines } from "./byte-lines.ts";

export interface LogLine {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly text: string;
}

/** The most that is kept of a line, in bytes. */
const longest = 8_192;
/** Before a line's text: `2026-11-21T16:19:06.010631123Z `. */
const stamp = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) ?/;

/** A line without a time of its own (of the node itself) has that of the line before it. */
export async function* podLog(
  pieces: AsyncIterable<Uint8Array>,
  now: () => number,
): AsyncGenerator<LogLine> {
  let at: number | undefined;
  for await (const { text, cut } of byteLines(pieces, longest)) {
    const [before, time] = stamp.exec(text) ?? [""];
    if (time !== undefined) at = Date.parse(time);
    const rest = text.slice(before.length).replace(/\r$/, "");
    yield { at: at ?? now(), text: cut ? `${rest} (cut)` : rest };
  }
}
