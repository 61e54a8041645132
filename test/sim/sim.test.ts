/** The short form of the simulation; `npm run sim -- --seeds 100000` is the long one. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSim, type Sim } from "./life.ts";
import { shortTrace } from "./told.ts";

/** As many as take some 25 s on a machine that does nothing else. */
const seeds = 80;

let sim: Sim;
beforeAll(async () => {
  sim = await openSim();
});
afterAll(() => sim.close());

test(`every invariant holds in ${seeds} seeds`, { timeout: 600_000 }, async () => {
  const sum = { runs: 0, effects: 0, faults: new Set<string>(), ends: new Set<string>() };
  for (let seed = 1; seed <= seeds; seed++) {
    const lived = await sim.live(seed);
    if (lived.wrongs.length > 0) expect.fail(shortTrace(lived));
    sum.runs += lived.runs;
    sum.effects += lived.effects;
    for (const fault of Object.keys(lived.faults)) sum.faults.add(fault);
    for (const end of Object.keys(lived.ends)) sum.ends.add(end);
  }
  // A simulation in which little happens shows little.
  expect(sum.runs).toBeGreaterThan(seeds);
  expect(sum.effects).toBeGreaterThan(seeds);
  expect(sum.faults.size).toBeGreaterThan(9);
  expect(sum.ends.size).toBeGreaterThan(6);
});

test("a seed lives the same life each time", async () => {
  const [first, other] = [await sim.live(11), await sim.live(12)];
  expect((await sim.live(11)).hash).toBe(first.hash);
  expect(other.hash).not.toBe(first.hash);
});
