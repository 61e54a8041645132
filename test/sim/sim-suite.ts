/** Lives a part of the simulation's seeds and tells the first that broke an invariant. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSim, type Sim } from "./life.ts";
import { shortTrace } from "./told.ts";

/** Registers a test of the seeds `from` to `to`, both included. Gives the simulation once it is open. */
export function simSuite(from: number, to: number): () => Sim {
  let sim: Sim;
  beforeAll(async () => {
    sim = await openSim();
  });
  afterAll(() => sim.close());

  test(`every invariant holds in the seeds ${from} to ${to}`, { timeout: 1_800_000 }, async () => {
    const sum = { runs: 0, effects: 0, faults: new Set<string>(), ends: new Set<string>() };
    for (let seed = from; seed <= to; seed++) {
      const lived = await sim.live(seed);
      if (lived.wrongs.length > 0) expect.fail(shortTrace(lived));
      sum.runs += lived.runs;
      sum.effects += lived.effects;
      for (const fault of Object.keys(lived.faults)) sum.faults.add(fault);
      for (const end of Object.keys(lived.ends)) sum.ends.add(end);
    }
    // A simulation in which little happens shows little.
    const seeds = to - from + 1;
    expect(sum.runs).toBeGreaterThan(seeds);
    expect(sum.effects).toBeGreaterThan(seeds);
    expect(sum.faults.size).toBeGreaterThan(9);
    expect(sum.ends.size).toBeGreaterThan(4);
  });
  return () => sim;
}
