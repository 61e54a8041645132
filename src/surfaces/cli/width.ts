/** How much room a text takes on a terminal, in columns. */

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
/** East Asian wide and full-width characters, and what is drawn as an emoji. */
const wide =
  /\p{Emoji_Presentation}|\uFE0F|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]/u;

/** The columns that a text without control characters takes. */
export function widthOf(text: string): number {
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) columns += wide.test(segment) ? 2 : 1;
  return columns;
}

/** The text in at most `width` columns; what does not fit is an ellipsis. */
export function cut(text: string, width: number): string {
  if (text.length <= width && widthOf(text) <= width) return text;
  let out = "";
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) {
    columns += wide.test(segment) ? 2 : 1;
    if (columns > width - 1) return width < 1 ? "" : `${out.trimEnd()}…`;
    out += segment;
  }
  return out;
}

/** The text in lines of at most `width` columns, broken between words; the last of `most` lines is cut. */
export function wrap(text: string, width: number, most: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  const words = text.split(" ");
  for (const [at, word] of words.entries()) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (widthOf(longer) <= width || line === "") {
      line = longer;
      continue;
    }
    if (lines.length === most - 1)
      return [...lines, cut([line, ...words.slice(at)].join(" "), width)];
    lines.push(cut(line, width));
    line = word;
  }
  return [...lines, cut(line, width)];
}

/** The text followed by as many spaces as it takes to fill `width` columns. */
export function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}
