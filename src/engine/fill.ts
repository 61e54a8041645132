/** Gives a command's arguments the words that follow its name. */
import type { CommandDefinition } from "../core/command.ts";
import { nearest } from "../core/nearest.ts";
import { listed, quoted } from "../core/words.ts";
import { place } from "./place.ts";
import { fits, type Shape, shapesOf } from "./shape.ts";
import type { Word } from "./tokens.ts";

type Values = { readonly [arg: string]: string | true };
export type Filled =
  | { readonly is: "raw"; readonly raw: Values }
  | { readonly is: "no"; readonly says: string };

/** The values by argument, or one sentence that says which word is in the way. `said` is the text that the words come from. */
export function fill(command: CommandDefinition, words: readonly Word[], said: string): Filled {
  const shapes = shapesOf(command).filter(({ hidden }) => !hidden);
  const raw: { [arg: string]: string | true } = {};
  const loose: Word[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word === undefined) break;
    const named = namedBy(command, shapes, word);
    const turn = inTurn(shapes, raw, word);
    if (typeof named === "string" && !turn?.rest) return no(named);
    const shape = typeof named === "object" ? named : turn;
    if (shape === undefined) {
      const says = closed(word);
      if (says !== undefined) return no(says);
      loose.push(word);
      continue;
    }
    const given = givenAt(shape, words, i, said, typeof named === "object");
    if (given === undefined) continue;
    const says = given.says ?? twice(shape, raw, given.value);
    if (says !== undefined) return no(says);
    raw[shape.name] = given.value;
    i = given.last;
  }
  return positions(command, shapes, raw, loose);
}

const no = (says: string): Filled => ({ is: "no", says });

/** The argument that the word names, undefined where it names none, or a sentence where it must and does not. */
function namedBy(
  command: CommandDefinition,
  shapes: readonly Shape[],
  word: Word,
): Shape | string | undefined {
  const names: { readonly [word: string]: string } = {
    ...Object.fromEntries(shapes.map(({ name }) => [name.toLowerCase(), name])),
    ...command.words,
  };
  const shape = (name: string | undefined) => shapes.find((one) => one.name === name);
  const find = (key: string) => (Object.hasOwn(names, key) ? shape(names[key]) : undefined);
  if (word.name === undefined) return word.quoted ? undefined : find(word.text.toLowerCase());
  const key = word.name.toLowerCase().replace(/[-_]/g, "");
  const exact = find(word.name.toLowerCase()) ?? find(key);
  if (exact) return exact;
  const begun = shapes.filter(({ name }) => name.toLowerCase().startsWith(key));
  if (begun.length === 1) return begun[0];
  const labels = (begun.length > 1 ? begun : shapes).map(({ name }) => name);
  if (begun.length > 1) return `${quoted(word.name)} could be ${listed(labels, "or")}.`;
  const near = nearest(word.name, labels);
  if (near.length > 0)
    return `${command.name} takes no ${quoted(word.name)}. Did you mean ${listed(near, "or")}?`;
  const takes = labels.length > 0 ? ` It takes ${listed(labels)}.` : "";
  return `${command.name} takes no ${quoted(word.name)}.${takes}`;
}

/** Commands that end in free text read their words strictly in turn, since that text may hold any word. */
function inTurn(shapes: readonly Shape[], raw: Values, word: Word): Shape | undefined {
  if (!shapes.some(({ rest }) => rest)) return undefined;
  const left = shapes.filter(({ name }) => raw[name] === undefined);
  return left.find((shape) => shape.required || shape.rest || fits(shape, word.text));
}

interface Given {
  readonly value: string | true;
  /** The last word that belongs to it. */
  readonly last: number;
  readonly says?: string | undefined;
}

/** The value that starts at this word, or after it where the word is only a name; undefined where nothing follows. */
function givenAt(
  shape: Shape,
  words: readonly Word[],
  at: number,
  said: string,
  named: boolean,
): Given | undefined {
  const word = words[at];
  if (word === undefined) return undefined;
  const own = !named || (word.name !== undefined && (word.text !== "" || word.quoted));
  const from = own ? at : at + 1;
  const value = words[from];
  if (shape.kind === "yes-no" && !own) return { value: true, last: at };
  if (value === undefined || (!own && value.name !== undefined && !shape.rest))
    return word.name === undefined
      ? undefined
      : { value: true, last: at, says: `Say which ${shape.label} after ${quoted(word.name)}.` };
  if (shape.rest) {
    const alone = from === words.length - 1 && value.quoted;
    const start = named && own ? value.value : value.start;
    const text = alone ? value.text : said.slice(start).replace(/\s+/g, " ").trim();
    return { value: text, last: words.length };
  }
  return { value: value.text, last: from, says: closed(value) };
}

const closed = (word: Word): string | undefined =>
  word.unclosed ? `Nothing closes the quotation mark of ${word.text.slice(0, 40)}.` : undefined;

function twice(shape: Shape, raw: Values, value: string | true): string | undefined {
  const had = raw[shape.name];
  if (had === undefined || had === value) return undefined;
  return `You gave ${shape.label} twice: ${quoted(String(had))} and ${quoted(String(value))}.`;
}

/** The words that nothing names, to the arguments that are left. */
function positions(
  command: CommandDefinition,
  shapes: readonly Shape[],
  raw: Values,
  loose: readonly Word[],
): Filled {
  const left = shapes.filter(({ name, kind }) => raw[name] === undefined && kind !== "yes-no");
  const texts = loose.map((word) => word.text);
  const { values, over } = place(texts, left);
  if (over !== undefined) {
    const [example] = command.examples;
    return no(
      `${quoted(over)} fits nothing in ${command.name}.${example ? ` Say it like this: ${example}` : ""}`,
    );
  }
  return { is: "raw", raw: { ...raw, ...values } };
}
