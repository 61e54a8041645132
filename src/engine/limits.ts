/** How much one run may ask for, so that the code of one can't take the place of all others. */
import type { Json } from "../core/operation.ts";
import { Refusal } from "../core/refusal.ts";

/** Processes that ended in the middle of a run, one after the other, before it waits for a person. */
export const deaths = 3;
/** Steps of one run; a loop that goes on for ever comes to its end there. */
export const steps = 10_000;
/** Looks of one run that are asked side by side. */
export const looks = 10;
/** Lines that one run may post into its thread. */
export const notes = 100;
/** Operations in one change. */
export const acts = 500;
/** A run, those that it started, those that they started, and so on. */
export const family = 200;

/** What one look may give, all looks of a run, and one note, in characters of JSON. */
const oneLook = 1_000_000;
const allLooks = 20_000_000;
const oneNote = 100_000;
/** What is smaller is not counted. */
const small = 1_000;

export function expectOneLook(op: string, result: Json): void {
  const size = sizeOf(result);
  if (size > oneLook)
    throw new Refusal(
      `${op} gave ${megabytes(size)}, and one look may give ${megabytes(oneLook)}. Ask it for less.`,
    );
}

/** What a run keeps of its looks when this result is added to what it `kept`; undefined: as much as before. */
export function keptWith(kept: Json | undefined, result: Json): number | undefined {
  const size = sizeOf(result);
  if (size < small) return undefined;
  const sum = Number(kept ?? 0) + size;
  if (sum > allLooks)
    throw new Refusal(
      `What this run looked at is more than ${megabytes(allLooks)}. Let it look at less, or at each thing in a run of its own.`,
    );
  return sum;
}

export function expectOneNote(name: string, card: Json): void {
  const size = sizeOf(card);
  if (size > oneNote)
    throw new Error(`the note "${name}" has ${megabytes(size)}, and one may have 0.1 MB`);
}

function sizeOf(value: Json): number {
  return JSON.stringify(value)?.length ?? 0;
}

function megabytes(characters: number): string {
  return `${Math.round(characters / 100_000) / 10} MB`;
}
