/**
 * How long `npm start` takes until it is ready, on an empty and on an existing folder, and how much memory
 * it holds when idle. `node src/run.mjs bench/start.ts [rounds] [short]`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { machine, percentile } from "./figures.ts";
import { answering, freePort, place } from "./processes.ts";

const short = process.argv.includes("short");
const rounds = short ? 1 : (process.argv.slice(2).map(Number).find(Number.isFinite) ?? 5);
/** After this long nothing of the start is under way any more. Milliseconds. */
const settled = short ? 100 : 15_000;
const empty: number[] = [];
const existing: number[] = [];
const memory = { first: 0, later: 0 };

for (let round = 0; round < rounds; round++) {
  const home = await place("pglite");
  if (home === undefined) throw new Error("making a folder");
  if (round === 0) console.log(await machine(home.env["SHIPMATE_HOME"] ?? "."));
  const last = round === rounds - 1;
  const one = await start(home.env, last);
  empty.push(one.ready);
  if (last) memory.first = one.megabytes;
  for (let again = 0; again < 2; again++) {
    const other = await start(home.env, last && again === 1);
    existing.push(other.ready);
    if (last && again === 1) memory.later = other.megabytes;
  }
  await home.clear();
}
const ms = (samples: readonly number[]) =>
  `p50 ${percentile(samples, 0.5).toFixed(0)} ms, most ${percentile(samples, 1).toFixed(0)} ms (n ${samples.length})`;
console.log(`ready on an empty folder      ${ms(empty)}`);
console.log(`ready on an existing folder   ${ms(existing)}`);
console.log(`resident when idle, first run ${memory.first} MB, later ${memory.later} MB`);

async function start(env: { readonly [name: string]: string }, measured: boolean) {
  const port = await freePort();
  const began = performance.now();
  const npm = spawn("npm", ["start"], {
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      ...env,
      PORT: String(port),
      LOG_LEVEL: "error",
    },
    stdio: ["ignore", "ignore", "inherit"],
    detached: true,
  });
  await answering(`http://127.0.0.1:${port}/readyz`, npm);
  const ready = performance.now() - began;
  if (measured) await sleep(settled);
  const megabytes = measured ? resident(npm) : 0;
  await end(npm);
  return { ready, megabytes };
}

/** The biggest of the processes that npm started: Shipmate itself, without npm and the launcher. */
function resident(npm: ChildProcess): number {
  const parents = new Map<number, { readonly parent: number; readonly kilobytes: number }>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const status = readFileSync(`/proc/${name}/status`, "utf8");
      const field = (key: string) =>
        Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
      parents.set(Number(name), { parent: field("PPid"), kilobytes: field("VmRSS") });
    } catch {
      // It ended while we looked.
    }
  }
  const ours = (pid: number): boolean => {
    const parent = parents.get(pid)?.parent;
    return parent !== undefined && parent > 1 && (parent === npm.pid || ours(parent));
  };
  const sizes = [...parents].filter(([pid]) => ours(pid)).map(([, { kilobytes }]) => kilobytes);
  return Math.round(Math.max(0, ...sizes) / 1024);
}

/** npm may not hand signals on: the whole group gets it, which is ours alone. */
async function end(npm: ChildProcess): Promise<void> {
  const ended = once(npm, "exit");
  if (npm.pid !== undefined) process.kill(-npm.pid, "SIGTERM");
  await ended;
  // The launcher's child may outlive npm for a moment and still hold the folder.
  await sleep(1_000);
}
