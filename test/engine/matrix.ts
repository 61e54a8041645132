/** The crash matrix: a scenario lived once for each await at which its engine may die, and with several deaths in a life. */
import assert from "node:assert/strict";
import type { Case, Ended } from "./rig.ts";

export interface Tally {
  lives: number;
  crashes: number;
}

/**
 * Every life ends as the one without a crash does: the same state, the same world, as many effects, none of them twice.
 * `stride` 1 crashes at every await; 10 at every tenth, from `first` on. Gives how many lives and crashes there were.
 */
export async function crashEverywhere(
  live: (c: Case, crashes?: readonly number[]) => Promise<Ended>,
  c: Case,
  {
    stride,
    first,
    several,
  }: { readonly stride: number; readonly first: number; readonly several: number },
): Promise<Tally> {
  const clean = await live(c);
  c.check(clean);
  c.clean?.(clean);
  const lives: number[][] = [];
  for (let tick = first; tick <= clean.ticks; tick += stride) lives.push([tick]);
  for (let n = 0; n < several; n++) lives.push(scattered(n, clean.ticks));
  let crashes = 0;
  for (const at of lives) {
    crashes += at.length;
    const where = `with deaths at ${at.join(", ")} of ${clean.ticks}`;
    try {
      const ended = await live(c, at);
      c.check(ended);
      assert.equal(ended.state, clean.state);
      assert.equal(ended.picture, clean.picture);
      assert.equal(ended.writes.length, clean.writes.length);
    } catch (error) {
      const says = error instanceof Error ? error.message : String(error);
      throw new Error(`${c.name}, ${where}: ${says}`, { cause: error });
    }
  }
  return { lives: lives.length, crashes };
}

/** Twelve deaths, the same for the same n. */
function scattered(n: number, ticks: number): number[] {
  const span = ticks + 60;
  const places = Array.from(
    { length: 12 },
    (_, i) => 1 + ((n * 7919 + i * i * 104729 + i * 31) % span),
  );
  return [...new Set(places)].sort((a, b) => a - b);
}
