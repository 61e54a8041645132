/** The shortest form of the simulation: `npm run sim:short` lives more, `npm run sim -- --seeds 100000` as many as you like. */
import { expect, test } from "vitest";
import { simSuite } from "./sim-suite.ts";

const sim = simSuite(1, 12);

test("a seed lives the same life each time", async () => {
  const [first, other] = [await sim().live(11), await sim().live(12)];
  expect((await sim().live(11)).hash).toBe(first.hash);
  expect(other.hash).not.toBe(first.hash);
});
