/** All the chance of a simulation: one generator, begun with one number. */

export interface Chance {
  /** From 0 on, below 1. */
  next(): number;
  happens(probability: number): boolean;
  /** A whole number from 0 on, below `end`. */
  below(end: number): number;
  between(least: number, most: number): number;
  pick<T>(list: readonly [T, ...T[]]): T;
  /** Undefined where the list is empty. */
  any<T>(list: readonly T[]): T | undefined;
}

/** The same seed gives the same numbers (splitmix32). */
export function chanceOf(seed: number): Chance {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
  const below = (end: number): number => Math.floor(next() * end);
  return {
    next,
    below,
    happens: (probability) => next() < probability,
    between: (least, most) => least + below(most - least + 1),
    pick: (list) => list[below(list.length)] ?? list[0],
    any: (list) => list[below(list.length)],
  };
}
