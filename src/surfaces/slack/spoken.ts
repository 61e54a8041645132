/** What somebody typed into Slack, as they meant it: without Slack's own markup around it. */
import { plain } from "../../observe/text.ts";

/**
 * The words of a message. A mention of `bot` is how we are called, not a word: what follows the first
 * one counts, or what comes before it where nothing follows. Links become what was typed, quotes and
 * dashes that phones make nicer become plain again, what can't be seen goes.
 */
export function spoken(text: string, bot?: string): string {
  return withoutCall(plain(text), bot)
    .replace(/<([^<>]*)>/g, (_, inside: string) => meant(inside))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replace(/[\u201C\u201D\u201E]/g, '"')
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/(^|\s)\u2014(?=[a-z])/g, "$1--")
    .trim();
}

function withoutCall(text: string, bot: string | undefined): string {
  const call =
    bot === undefined ? undefined : new RegExp(`<@${bot.replace(/\W/g, "")}(\\|[^<>]*)?>`);
  const at = call === undefined ? null : call.exec(text);
  if (call === undefined || at === null) return text.replace(/^\s*<@[A-Z0-9]+(\|[^<>]*)?>/, "");
  const after = text.slice(at.index + at[0].length).replace(new RegExp(call, "g"), "");
  return /[^\s,:]/.test(after) ? after.replace(/^[\s,:]+/, "") : text.slice(0, at.index);
}

/** `http://a.example|a.example` was typed as `a.example`; `#C1|general` as `#general`. */
function meant(inside: string): string {
  const [target = "", label] = inside.split("|", 2);
  if (target.startsWith("#") || target.startsWith("@"))
    return label ? `${target[0]}${label.replace(/^[#@]/, "")}` : target;
  if (target.startsWith("!")) return label ?? `@${target.slice(1)}`;
  return label ?? target.replace(/^mailto:/, "");
}
