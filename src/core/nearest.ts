/** The nearest right words for a wrong one: what "Did you mean" offers. */

/**
 * The words that are as near to `typed` as any, at most three, in their own order; none where nothing is near.
 * Near is: the same but for case, a beginning of at least two characters, or at most one typing slip
 * (a letter more, less, other, or two swapped) for each three characters.
 */
export function nearest(typed: string, words: readonly string[]): readonly string[] {
  const wanted = typed.toLowerCase();
  if (wanted.length > 128) return [];
  const ranked = words
    .map((word) => ({ word, slips: distance(wanted, word.toLowerCase()) }))
    .filter(({ slips }) => slips <= 3);
  const least = Math.min(...ranked.map(({ slips }) => slips));
  return ranked
    .filter(({ slips }) => slips === least)
    .slice(0, 3)
    .map(({ word }) => word);
}

/** Slips between the two, or infinity where they are not near. A mere beginning counts as one slip. */
function distance(typed: string, word: string): number {
  if (typed === word) return 0;
  if (typed.length >= 2 && word.startsWith(typed)) return 1;
  const allowed = Math.max(1, Math.floor(Math.max(typed.length, word.length) / 3));
  if (Math.abs(typed.length - word.length) > allowed || typed.length < 2) return Infinity;
  const found = slips(typed, word);
  return found <= allowed && found < word.length ? found : Infinity;
}

/** Insertions, deletions, replacements and swaps of neighbours that make one of the other (optimal string alignment). */
function slips(a: string, b: string): number {
  let before: readonly number[] = [];
  let above: readonly number[] = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const at = (line: readonly number[], k: number) => line[k] ?? Infinity;
      const swapped =
        a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(before, j - 2) + 1 : Infinity;
      row.push(Math.min(at(above, j) + 1, at(row, j - 1) + 1, at(above, j - 1) + same, swapped));
    }
    before = above;
    above = row;
  }
  return above[b.length] ?? Infinity;
}
