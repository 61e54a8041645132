/** Text cut to fit, and text escaped so that Slack reads it as nothing but text. */
import { plain, line as single } from "../../observe/text.ts";

/** The text without what can't be seen, at most `limit` UTF-16 units long: what is too long ends in "…". */
export function short(text: string, limit: number): string {
  const seen = plain(head(text, limit)).toWellFormed();
  if (seen.length <= limit) return seen;
  return `${seen.slice(0, Math.max(0, limit - 1)).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** The same on one line. */
export function line(text: string, limit: number): string {
  return single(head(text, limit).toWellFormed(), limit);
}

/** The end of a text, at most `limit` long and from a line's start where there is one, as with logs. */
export function tail(
  text: string,
  limit: number,
): { readonly text: string; readonly cut: boolean } {
  const seen = plain(text.slice(-work(limit)))
    .toWellFormed()
    .trimEnd();
  if (seen.length <= limit && text.length <= work(limit)) return { text: seen, cut: false };
  const last = seen.slice(Math.max(0, seen.length - limit + 1)).replace(/^[\uDC00-\uDFFF]/, "");
  const start = last.indexOf("\n");
  return { text: `…${start === -1 ? last : last.slice(start)}`, cut: true };
}

/**
 * The text for a field that Slack reads as its own markup, at most `limit` long after the escaping:
 * `<!channel>`, `<@U1>` and `<http://...>` come out as the characters that they are.
 */
export function escaped(text: string, limit: number): string {
  let out = "";
  for (const character of plain(head(text, limit)).toWellFormed()) {
    const next = entities[character] ?? character;
    if (out.length + next.length > limit - 1) return `${out}…`;
    out += next;
  }
  return out;
}

const entities: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
};

/** As much of a text as can matter: drawing must not take longer the longer the text is. */
function head(text: string, limit: number): string {
  return text.length <= work(limit) ? text : `${text.slice(0, work(limit))}…`;
}

function work(limit: number): number {
  return 4 * limit + 200;
}
