/**
 * How long people wait beside runs that fail each time and beside somebody who floods: from asking to the card that
 * asks for approval, and from the click on it to the entry into the provider's `run`. In turns, in one run: alone,
 * beside four new runs a second whose looks all fail (each is tried four times), and beside an account that says a
 * hundred things a second where it may say 300 a minute.
 * `node src/run.mjs bench/fairness.ts [samples of each] [rounds] [short]`
 */
import { setTimeout as sleep } from "node:timers/promises";
import { machine, percentile, spread } from "./figures.ts";
import { kinds, place } from "./processes.ts";
import { openWhole, type Whole } from "./whole.ts";
import { broken } from "./world.ts";

const short = process.argv.includes("short");
const [given = 20, rounds = short ? 1 : 5] = process.argv
  .slice(2)
  .map(Number)
  .filter(Number.isFinite);
const samples = short ? 3 : given;

type Beside = (whole: Whole, turn: number, signal: AbortSignal) => Promise<void>;
const weathers: { readonly [name: string]: Beside } = {
  alone: async () => {},
  poison: (whole, turn, signal) =>
    over(signal, 250, (at) => whole.says("trudy", `ship ${broken}${turn}-${at}`)),
  flood: (whole, _turn, signal) => over(signal, 10, () => whole.says("mallory", "help")),
};

for (const kind of kinds) {
  const home = await place(kind);
  if (home === undefined) {
    console.log(`${kind}: left out, SHIPMATE_TEST_DATABASE_URL is not set`);
    continue;
  }
  const whole = await openWhole(home.env, 300);
  try {
    await timed(whole, "warm", short ? 1 : 10);
    const taken = Object.keys(weathers).map((name) => ({
      name,
      asked: [] as number[],
      clicked: [] as number[],
    }));
    for (let round = 0; round < rounds; round++)
      for (const { name, asked, clicked } of taken) {
        const over = new AbortController();
        const beside = weathers[name]?.(whole, round, over.signal);
        const one = await timed(whole, `${name}-${round}`, samples);
        over.abort();
        await beside;
        asked.push(...one.asked);
        clicked.push(...one.clicked);
      }
    console.log(`${kind}, ${await machine(home.env["SHIPMATE_HOME"] ?? ".")}`);
    const [alone] = taken;
    for (const { name, asked, clicked } of taken)
      for (const [what, all, base] of [
        ["asked to card", asked, alone?.asked],
        ["click to effect", clicked, alone?.clicked],
      ] as const) {
        const ratio = percentile(all, 0.5) / percentile(base ?? [], 0.5);
        console.log(
          `  ${name.padEnd(8)}${what.padEnd(17)}${spread(all)}, ${ratio.toFixed(2)} times alone`,
        );
      }
  } finally {
    await whole.close();
    await home.clear();
  }
}

/** One person after the other, a moment between them. Milliseconds. */
async function timed(whole: Whole, name: string, count: number) {
  const asked: number[] = [];
  const clicked: number[] = [];
  for (let at = 0; at < count; at++) {
    const service = `${name}-${at}`;
    const said = performance.now();
    await whole.ask(service);
    const button = await whole.approval(service);
    asked.push(performance.now() - said);
    const arrived = performance.now();
    await whole.click(service, button);
    await whole.ended(service);
    clicked.push((whole.entered(service) ?? Number.NaN) - arrived);
    await sleep(50);
  }
  return { asked, clicked };
}

/** Does it every so many milliseconds until it is over, without waiting for what it does. */
async function over(signal: AbortSignal, every: number, act: (at: number) => Promise<void>) {
  const under = new Set<Promise<void>>();
  for (let at = 0; !signal.aborted; at++) {
    const one = act(at).finally(() => under.delete(one));
    under.add(one);
    await sleep(every);
  }
  await Promise.all(under);
}
