/** Splits what somebody typed into words: quotes, `name=value` and `--name` in all the ways keyboards write them. */

export interface Word {
  /** The word, or the value of a named one; empty where a named one has none of its own. */
  readonly text: string;
  /** `env` of `env=production`, `--env=production` and `--env`. */
  readonly name?: string;
  readonly quoted: boolean;
  /** It starts with a quotation mark that nothing closes. */
  readonly unclosed: boolean;
  /** Where the word, and where its value starts. */
  readonly start: number;
  readonly value: number;
}

/** The words in order. Every text can be split; nothing is lost but white space and quotation marks. */
export function tokens(text: string): readonly Word[] {
  const words: Word[] = [];
  for (let at = skip(text, 0); at < text.length; ) {
    const named = nameAt(text, at);
    const from = at + (named?.length ?? 0);
    const value = valueAt(text, from);
    words.push({
      text: value.text,
      ...(named ? { name: named.name } : {}),
      quoted: value.quoted,
      unclosed: value.unclosed,
      start: at,
      value: from,
    });
    at = skip(text, value.end);
  }
  return words;
}

const skip = (text: string, at: number): number => {
  let next = at;
  while (next < text.length && isSpace(text, next)) next++;
  return next;
};
const isSpace = (text: string, at: number): boolean =>
  at >= text.length || /\s/.test(text.charAt(at));

/** `name=`, or dashes and a name up to a space: phones make one long dash of two short ones. */
const namePattern =
  /(?<dashes>[-\u2010-\u2015\u2212]{0,2})(?<name>\p{L}[\p{L}\p{N}_-]*)(?<equals>=)?/uy;

function nameAt(text: string, at: number) {
  namePattern.lastIndex = at;
  const found = namePattern.exec(text);
  const { dashes = "", name = "", equals } = found?.groups ?? {};
  if (found === null || (dashes === "" && equals === undefined)) return undefined;
  if (equals === undefined && !isSpace(text, at + found[0].length)) return undefined;
  return { name, length: found[0].length };
}

const double = `"\u201C\u201D\u201E\u201F\u00AB\u00BB`;
const single = `'\u2018\u2019\u201A\u201B`;

/** A quotation closes before white space only, so that an apostrophe in it stays one. */
function valueAt(text: string, at: number) {
  const first = text.charAt(at);
  const marks = first === "" ? undefined : [double, single].find((set) => set.includes(first));
  if (marks !== undefined) {
    for (let end = at + 1; end < text.length; end++) {
      if (marks.includes(text.charAt(end)) && isSpace(text, end + 1))
        return { text: text.slice(at + 1, end), quoted: true, unclosed: false, end: end + 1 };
    }
  }
  let end = at;
  while (!isSpace(text, end)) end++;
  // A single mark alone is an apostrophe, 'tis.
  return { text: text.slice(at, end), quoted: false, unclosed: marks === double, end };
}
