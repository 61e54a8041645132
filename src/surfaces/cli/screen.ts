/** A terminal that shows a conversation: what was said, and cards that change while one looks. */
import type { DrawnCard } from "../../core/card.ts";
import { plain } from "../../observe/text.ts";
import { drawLines } from "./terminal.ts";

/** As much of a stream as is needed; `process.stdout` is one. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** Knows NO_COLOR. */
  hasColors?(): boolean;
}

export interface Screen {
  /** One line of text. */
  say(text: string): void;
  /**
   * The card under this id: drawn once, then changed in place on a terminal as long as nothing stands
   * below it. Elsewhere, only the lines that are new are appended.
   */
  show(id: string, card: DrawnCard): void;
}

/** Where a stream does not tell its width. Columns. */
const usual = 80;

export function screen(output: Output): Screen {
  const inPlace = output.isTTY === true;
  const color = inPlace && output.hasColors?.() === true;
  const drawn = new Map<string, readonly string[]>();
  let last: string | undefined;

  const write = (lines: readonly string[]) =>
    output.write(lines.map((line) => `${line}\n`).join(""));
  return {
    say(text) {
      last = undefined;
      write([plain(text)]);
    },
    show(id, card) {
      // One column less than there are: a full line would wrap on some terminals, and then no count fits.
      const lines = drawLines(card, { width: (output.columns ?? usual) - 1, color });
      const before = drawn.get(id) ?? [];
      if (before.join("\n") === lines.join("\n")) return;
      drawn.set(id, lines);
      if (inPlace && last === id) output.write(`\u001B[${before.length}A\u001B[0J`);
      write(inPlace ? lines : lines.filter((line) => !before.includes(line)));
      last = id;
    },
  };
}
