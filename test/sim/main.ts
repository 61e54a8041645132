/**
 * `npm run sim -- --seeds 1000 [--from 1] [--stop]` lives so many seeds and prints those that fail (`stop`: the first);
 * `npm run sim -- --seed 123` lives one and prints what happened in it.
 */
import { parseArgs } from "node:util";
import { type Lived, openSim } from "./life.ts";
import { shortTrace } from "./told.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string", default: "500" },
    from: { type: "string", default: "1" },
    stop: { type: "boolean", default: false },
  },
});
const one = values.seed === undefined ? undefined : Number(values.seed);
const first = one ?? Number(values.from);
const count = one === undefined ? Number(values.seeds) : 1;
const sim = await openSim();
const began = Date.now();
const sum = { runs: 0, effects: 0, turns: 0 };
const faults: { [fault: string]: number } = {};
const ends: { [end: string]: number } = {};
const bad: number[] = [];
const add = (into: { [name: string]: number }, more: Lived["faults"]) => {
  for (const [name, n] of Object.entries(more)) into[name] = (into[name] ?? 0) + n;
};
for (let seed = first; seed < first + count; seed++) {
  if (values.stop && bad.length > 0) break;
  const lived = await sim.live(seed);
  sum.runs += lived.runs;
  sum.effects += lived.effects;
  sum.turns += lived.turns;
  add(faults, lived.faults);
  add(ends, lived.ends);
  if (lived.wrongs.length > 0) {
    bad.push(seed);
    if (one === undefined) console.log(shortTrace(lived));
  }
  if (one !== undefined) {
    const says = [...lived.trace, ...lived.wrongs.map((wrong) => `failed: ${wrong}`)];
    console.log(`${says.join("\n")}\nhash ${lived.hash}`);
  }
}
await sim.close();
const seconds = (Date.now() - began) / 1_000;
console.log({ ends, faults });
console.log(
  `${count} seeds in ${seconds.toFixed(1)} s: ${sum.runs} runs, ${sum.effects} effects, ${sum.turns} awaits. ` +
    (bad.length === 0 ? "All invariants held." : `${bad.length} failed: ${bad.join(", ")}`),
);
process.exitCode = bad.length === 0 ? 0 : 1;
