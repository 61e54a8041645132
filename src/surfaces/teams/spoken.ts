/** What somebody typed into Teams, as they meant it: without Teams' own markup around it. */
import { plain } from "../../observe/text.ts";
import { type Activity, Mention } from "./payloads.ts";

/**
 * The words of a message. A mention of the app is how we are called, not a word: what follows the first
 * one counts, or what comes before it where nothing follows. Mentions of others become their names,
 * entities the characters that they stand for, quotes and dashes that phones make nicer plain again.
 */
export function spoken({ text, entities, recipient }: Activity): string {
  const calls = (entities ?? []).flatMap((one) => {
    const mention = Mention.safeParse(one);
    return mention.success && mention.data.mentioned.id === recipient.id ? [mention.data.text] : [];
  });
  return meant(withoutCall(text ?? "", [...new Set(calls)]))
    .replace(/[\u201C\u201D\u201E]/g, '"')
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/(^|\s)\u2014(?=[a-z])/g, "$1--")
    .trim();
}

function withoutCall(text: string, calls: readonly string[]): string {
  const [first] = calls
    .map((call) => ({ call, at: text.indexOf(call) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at);
  if (first === undefined) return text;
  const rest = text.slice(first.at + first.call.length);
  const after = calls.reduce((words, call) => words.replaceAll(call, ""), rest);
  return /[^\s,:]/.test(meant(after)) ? after.replace(/^[\s,:]+/, "") : text.slice(0, first.at);
}

/** Tags of mentions go, entities are read once, what can't be seen goes. */
function meant(text: string): string {
  const seen = text
    .replace(/<\/?at(\s[^<>]*)?>/gi, "")
    .replace(/&(nbsp|lt|gt|quot|apos|#39|#160|amp);/g, (_, name: string) => entities[name] ?? "");
  return plain(seen).replaceAll("\u00A0", " ");
}

const entities: { readonly [name: string]: string } = {
  nbsp: " ",
  "#160": " ",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  "#39": "'",
  amp: "&",
};
