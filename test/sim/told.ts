/** A seed that failed, in short. */
import type { Lived } from "./life.ts";

/** What did not hold, and what went before: people's words, faults, effects and the last lines. */
export function shortTrace({ seed, wrongs, trace }: Lived): string {
  const matters = trace.filter((line) => /!!| - | run$|: /.test(line)).slice(-30);
  return [
    `seed ${seed} failed (again: npm run sim -- --seed ${seed})`,
    ...wrongs.slice(0, 8).map((says) => `  ${says}`),
    ...matters,
    ...trace.slice(-5),
  ].join("\n");
}
