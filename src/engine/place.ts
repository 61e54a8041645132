/** Which word is which argument, where nothing but its place and its shape tells. */
import { fits, type Shape } from "./shape.ts";

export interface Placed {
  readonly values: { readonly [arg: string]: string };
  /** The first word that is one too many. */
  readonly over?: string;
}

/**
 * Words go to the arguments in their order; an optional one is passed over where the word can't be it, or
 * where a required one would be left without a word.
 * Only where that leaves a word that can't be what it was taken for, and another order fits every word,
 * that other order is taken, with what is required first.
 */
export function place(words: readonly string[], shapes: readonly Shape[]): Placed {
  if (words.length > shapes.length) return { values: {}, over: words[shapes.length] ?? "" };
  const required = shapes.filter((shape) => shape.required);
  const chosen =
    (words.length <= required.length ? inOrder(words, required) : undefined) ??
    inOrder(words, shapes) ??
    anyOrder(words, required) ??
    anyOrder(words, shapes) ??
    plainly(words, shapes);
  return { values: Object.fromEntries(chosen.map((shape, i) => [shape.name, words[i] ?? ""])) };
}

/** The arguments for the words, each to the right of the one before, all fitting. */
function inOrder(words: readonly string[], shapes: readonly Shape[]): readonly Shape[] | undefined {
  const [word, ...others] = words;
  if (word === undefined) return [];
  for (const [i, shape] of shapes.entries()) {
    if (fits(shape, word)) {
      const rest = inOrder(others, shapes.slice(i + 1));
      if (rest) return [shape, ...rest];
    }
    if (shape.required) return undefined;
  }
  return undefined;
}

/** Any arguments for the words, all fitting, earlier ones first. */
function anyOrder(
  words: readonly string[],
  shapes: readonly Shape[],
): readonly Shape[] | undefined {
  const [word, ...others] = words;
  if (word === undefined) return [];
  for (const shape of shapes) {
    if (!fits(shape, word)) continue;
    const rest = anyOrder(
      others,
      shapes.filter((one) => one !== shape),
    );
    if (rest) return [shape, ...rest];
  }
  return undefined;
}

/** In order without a look at the shapes: what does not fit is said later, by its argument. */
const plainly = (words: readonly string[], shapes: readonly Shape[]): readonly Shape[] =>
  shapes.slice(0, words.length);
