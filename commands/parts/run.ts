/** A run as people name it, and the plan of it that is open. */
import type { Runs, RunView } from "shipmate";
import { z } from "zod";

/** `41`, `#41`, or the run's id. */
export const Run = z
  .string()
  .overwrite((typed) => typed.replace(/^#/, ""))
  .regex(/^#?[A-Za-z0-9_-]{1,64}$/)
  .describe("the number of a run, 41");

/** The first 8 digits of a plan's digest, or more of them. */
export const Digest = z
  .string()
  .overwrite((typed) => typed.toLowerCase())
  .regex(/^[0-9a-f]{8,64}$/)
  .describe("the 8 digits of the plan on its card, such as 3fa9c1d2");

/** The run, where it is open. */
export async function openRun(runs: Runs, name: string): Promise<RunView | undefined> {
  const open = await runs.open();
  return open.find((run) => String(run.number) === name || run.id === name);
}
