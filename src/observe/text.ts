/** Untrusted text made plain: nothing in it can steer a terminal, reorder what people read or hide. */

/**
 * The text without escape sequences, control characters (C0, C1, DEL), bidirectional controls and
 * characters without width. Newlines and tabs stay, carriage returns go. Time grows with the text's length only.
 */
export function plain(text: string): string {
  return text.replace(escapes, "").replace(unseen, "");
}

/** The same on one line: each run of white space becomes one space, at most `limit` characters long. */
export function line(text: string, limit = Number.POSITIVE_INFINITY): string {
  const one = plain(text).replace(/\s+/g, " ").trim();
  if (one.length <= limit) return one;
  return `${one.slice(0, Math.max(0, limit - 1)).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** Colours and cursor moves (CSI), and short ESC pairs; each ends after at most 64 characters. */
const escapes =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
  /\u001B\[[0-?]{0,48}[ -/]{0,16}[@-~]|\u001B[@-Z\\-_]|\u009B[0-?]{0,48}[ -/]{0,16}[@-~]/g;

/**
 * C0 but tab and newline, DEL, C1; soft hyphen, Arabic letter mark, Mongolian separator, zero-width
 * and directional marks, line separators, embeddings, invisible operators, isolates, the byte order
 * mark, interlinear annotations, and the tag characters of plane 14.
 */
const unseen =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
  /(?:\u034F|\u17B4|\u17B5|\u180B|\u180C|\u180D|\u180E|\u180F)|[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u061C\u115F\u1160\u200B-\u200F\u2028-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0\uFFF0-\uFFFB\u{E0000}-\u{E0FFF}]/gu;
