/**
 * What 1,000 runs that wait for an approval hold in memory: resident and heap after garbage collection, before and
 * after, in one process with all that is built. `node src/run.mjs bench/memory.ts [runs] [short]`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { machine } from "./figures.ts";
import { kinds, place } from "./processes.ts";
import { openWhole, type Whole } from "./whole.ts";

const short = process.argv.includes("short");
const runs = short ? 20 : (process.argv.slice(2).map(Number).find(Number.isFinite) ?? 2_000);
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

for (const kind of kinds) {
  const home = await place(kind);
  if (home === undefined) {
    console.log(`${kind}: left out, SHIPMATE_TEST_DATABASE_URL is not set`);
    continue;
  }
  const whole = await openWhole(home.env);
  try {
    await waiting(whole, "warm", short ? 5 : 200);
    const before = await held();
    await waiting(whole, "run", runs);
    const after = await held();
    const each = (name: "rss" | "heapUsed") =>
      (((after[name] - before[name]) / runs) * 1_000) / 2 ** 20;
    console.log(`${kind}, ${await machine(home.env["SHIPMATE_HOME"] ?? ".")}`);
    console.log(
      `  1,000 waiting runs: ${each("heapUsed").toFixed(1)} MB of heap, ${each("rss").toFixed(0)} MB resident (${(before.rss / 2 ** 20).toFixed(0)} MB before, n ${runs})`,
    );
  } finally {
    await whole.close();
    await home.clear();
  }
}

async function waiting(whole: Whole, name: string, count: number): Promise<void> {
  const services = Array.from({ length: count }, (_, at) => `${name}-${at}`);
  for (const service of services) await whole.ask(service);
  await Promise.all(services.map((service) => whole.approval(service)));
}

/** When nothing is under way any more. */
async function held(): Promise<NodeJS.MemoryUsage> {
  await sleep(short ? 100 : 3_000);
  collect();
  await sleep(100);
  collect();
  return process.memoryUsage();
}
