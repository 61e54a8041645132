/**
 * What a long life costs the embedded database: node src/run.mjs bench/lived.ts [runs] (50000)
 *
 * So many runs are lived one after the other, 200 at once, each as in `runs.ts`, with all that is built switched on.
 * Prints for each 5,000 how many that were a second and how large the write-ahead log is, and at the end the rate of the
 * last 5,000 as a ratio of the first, which begin after 1,000 for the machine code.
 */
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { machine } from "./figures.ts";
import { openWhole, type Whole } from "./whole.ts";

const most = Number(process.argv[2] ?? 50_000);
const atOnce = 200;
const stretch = 5_000;

const home = await mkdtemp(join(tmpdir(), "shipmate-lived-"));
const whole = await openWhole({ SHIPMATE_HOME: home });
try {
  console.log(await machine(home));
  let lived = await live(whole, 0, 1_000);
  const rates: number[] = [];
  let largest = 0;
  while (lived < most) {
    const began = performance.now();
    const until = Math.min(most, lived + stretch);
    const count = until - lived;
    lived = await live(whole, lived, until);
    const rate = (count / (performance.now() - began)) * 1_000;
    rates.push(rate);
    const log = await logOf(join(home, "data/pg_wal"));
    largest = Math.max(largest, log);
    console.log(`${lived} runs: ${rate.toFixed(1)} a second, ${log.toFixed(0)} MB of log`);
  }
  const [first = Number.NaN, last = Number.NaN] = [rates[0], rates.at(-1)];
  console.log(
    `the last beside the first: ${(last / first).toFixed(2)}; the log at most ${largest.toFixed(0)} MB`,
  );
} finally {
  await whole.close();
  await rm(home, { recursive: true, force: true });
}

/** Lives the runs from one number to before another; gives the latter. */
async function live({ ask, approval, click, ended }: Whole, from: number, to: number) {
  for (let at = from; at < to; at += atOnce)
    await Promise.all(
      Array.from({ length: Math.min(atOnce, to - at) }, async (_, n) => {
        const service = `service-${at + n}`;
        await ask(service);
        await click(service, await approval(service));
        await ended(service);
      }),
    );
  return to;
}

/** Megabytes. */
async function logOf(folder: string): Promise<number> {
  const files = await readdir(folder);
  // A checkpoint may take one away meanwhile.
  const sizes = await Promise.all(
    files.map((file) =>
      stat(join(folder, file)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0) / 2 ** 20;
}
