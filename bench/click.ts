/**
 * From the arrival of the approving click to the entry into the provider's `run`: the click is stored and understood,
 * the vote and the lock are committed, the change is previewed again and its intent committed. The provider answers at
 * once. First when nothing else is under way, then with 200 runs in flight: each is asked for, approved after a while
 * and followed by the next. `node src/run.mjs bench/click.ts [clicks] [short]`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { machine, percentile, spread } from "./figures.ts";
import { kinds, place } from "./processes.ts";
import { openWhole, type Whole } from "./whole.ts";

const short = process.argv.includes("short");
const clicks = short ? 3 : (process.argv.slice(2).map(Number).find(Number.isFinite) ?? 200);
/** Not counted: the first ones find nothing compiled. */
const warm = short ? 1 : 20;
/** Between two clicks, so that nothing of the one before is under way. Milliseconds. */
const idle = 50;
const inFlight = short ? 5 : 200;
/** How long each of those waits for its approval, in milliseconds: 200 of them are 20 approvals a second. */
const thinking = 10_000;

for (const kind of kinds) {
  const home = await place(kind);
  if (home === undefined) {
    console.log(`${kind}: left out, SHIPMATE_TEST_DATABASE_URL is not set`);
    continue;
  }
  const whole = await openWhole(home.env);
  try {
    await timed(whole, "warm", warm);
    const alone = await timed(whole, "alone", clicks);
    const others = crowd(whole);
    await others.ready;
    const beside = await timed(whole, "beside", clicks);
    others.leave();
    console.log(`${kind}, ${await machine(home.env["SHIPMATE_HOME"] ?? ".")}`);
    console.log(`  idle               ${spread(alone)}`);
    const times = (percentile(beside, 0.5) / percentile(alone, 0.5)).toFixed(1);
    console.log(`  ${inFlight} runs in flight  ${spread(beside)}, ${times} times idle`);
  } finally {
    await whole.close();
    await home.clear();
  }
}

async function timed(whole: Whole, name: string, count: number): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let at = 0; at < count; at++) {
    const service = `${name}-${at}`;
    await whole.ask(service);
    const button = await whole.approval(service);
    await sleep(idle);
    const arrived = performance.now();
    await whole.click(service, button);
    await whole.ended(service);
    samples.push((whole.entered(service) ?? Number.NaN) - arrived);
  }
  return samples;
}

/** So many runs in flight at any time, until they are left alone. */
function crowd(whole: Whole) {
  const gone = new AbortController();
  let waiting = 0;
  const ready = Promise.withResolvers<void>();
  const one = async (place: number): Promise<void> => {
    for (let round = 0; !gone.signal.aborted; round++) {
      const service = `crowd-${place}-${round}`;
      await whole.ask(service);
      const button = await whole.approval(service);
      if (++waiting === inFlight) ready.resolve();
      // The first approvals are spread, so that they do not come all at once.
      const wait = round === 0 ? (thinking * (place + 1)) / inFlight : thinking;
      await sleep(wait, undefined, { signal: gone.signal });
      await whole.click(service, button);
      await whole.ended(service);
    }
  };
  for (let place = 0; place < inFlight; place++)
    one(place).catch((error: unknown) => {
      if (!gone.signal.aborted) ready.reject(error);
    });
  return { ready: ready.promise, leave: () => gone.abort() };
}
