/**
 * Durable runs a second: start, 2 looks, approval, 2 effects, many begun at once. Shipmate in its three modes, beside
 * DBOS Transact and Restate doing the same durable steps, a bare queue and bare commits. All take turns in one run, and
 * only one works at a time; ratios are of medians. `node src/run.mjs bench/runs.ts [how many at once ...] [name ...] [short]`:
 * words choose who is measured by a part of the name.
 *
 * SHIPMATE_TEST_DATABASE_URL and SHIPMATE_TEST_REDIS_URL name the servers; the peers are measured where
 * `npm ci --prefix bench/peers` has installed them. What is missing is said.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Task } from "./contender.ts";
import { machine, percentile, spread } from "./figures.ts";
import { type Kind, type Place, place, started, stopped } from "./processes.ts";

const short = process.argv.includes("short");
const words = process.argv.slice(2).filter((word) => word !== "short");
const given = words.map(Number).filter(Number.isFinite);
const sizes = short ? [10] : given.length > 0 ? given : [200, 1_000];
const rounds = short ? 1 : 5;
const idle = short ? 2 : 20;
const redis = process.env["SHIPMATE_TEST_REDIS_URL"];
const peers = existsSync(join(import.meta.dirname, "peers/node_modules"));

interface Entry {
  readonly name: string;
  readonly script: string;
  readonly kind: Kind;
  readonly redis?: boolean;
  readonly peer?: boolean;
}
const entries: readonly Entry[] = [
  { name: "Shipmate, PGlite", script: "bench/runs-shipmate.ts", kind: "pglite" },
  { name: "Shipmate, PostgreSQL", script: "bench/runs-shipmate.ts", kind: "postgres" },
  { name: "Shipmate, fleet", script: "bench/runs-shipmate.ts", kind: "postgres", redis: true },
  { name: "DBOS Transact", script: "bench/peers/dbos.ts", kind: "postgres", peer: true },
  { name: "Restate", script: "bench/peers/restate.ts", kind: "pglite", peer: true },
  { name: "BullMQ, 2 jobs", script: "bench/runs-bullmq.ts", kind: "pglite", redis: true },
  { name: "6 commits, PGlite", script: "bench/runs-commits.ts", kind: "pglite" },
  { name: "6 commits, PostgreSQL", script: "bench/runs-commits.ts", kind: "postgres" },
];

interface Runner {
  readonly name: string;
  readonly child: ChildProcess;
  readonly home: Place;
  readonly idle: number[];
  /** Runs a second by how many were begun at once. */
  readonly rates: Map<number, number[]>;
}

const runners: Runner[] = [];
try {
  const only = words.filter((word) => !Number.isFinite(Number(word)));
  for (const entry of entries) {
    if (only.length > 0 && !only.some((word) => entry.name.includes(word))) continue;
    const runner = await opened(entry);
    if (runner) runners.push(runner);
  }
  console.log(await machine(runners[0]?.home.env["SHIPMATE_HOME"] ?? "."));
  for (const runner of runners) await asked(runner, { runs: Math.min(100, ...sizes) }); // nothing is compiled yet
  for (const size of sizes)
    for (let round = 0; round < rounds; round++)
      for (const runner of inTurn(round)) {
        const [seconds = Number.NaN] = await asked(runner, { runs: size });
        const rates = runner.rates.get(size) ?? [];
        runner.rates.set(size, [...rates, size / seconds]);
      }
  for (let round = 0; round < rounds; round++)
    for (const runner of inTurn(round)) runner.idle.push(...(await asked(runner, { idle })));
  tell();
} finally {
  for (const { child, home } of runners) {
    await stopped(child);
    await home.clear();
  }
}

/** Each round begins with another one: whoever comes after the slowest has no harm of it each time. */
function inTurn(round: number): readonly Runner[] {
  const at = round % runners.length;
  return [...runners.slice(at), ...runners.slice(0, at)];
}

async function opened({ name, script, kind, ...needs }: Entry): Promise<Runner | undefined> {
  const missing =
    needs.redis && redis === undefined ? "SHIPMATE_TEST_REDIS_URL is not set" : undefined;
  const absent = needs.peer && !peers ? "npm ci --prefix bench/peers installs it" : undefined;
  const why = missing ?? absent;
  const home = why === undefined ? await place(kind) : undefined;
  if (!home) {
    console.log(`${name}: left out, ${why ?? "SHIPMATE_TEST_DATABASE_URL is not set"}`);
    return undefined;
  }
  const env = { ...home.env, ...(needs.redis && redis !== undefined && { REDIS_URL: redis }) };
  return { name, child: await started(script, [], env), home, idle: [], rates: new Map() };
}

async function asked({ child, name }: Runner, task: Task): Promise<readonly number[]> {
  child.send(task);
  const [answer] = await Promise.race([once(child, "message"), once(child, "exit")]);
  if (!Array.isArray(answer)) throw new Error(`${name} ended in ${JSON.stringify(task)}`);
  return answer;
}

function tell(): void {
  const median = (samples: readonly number[] | undefined) => percentile(samples ?? [], 0.5);
  const beside = (of: string, size: number) =>
    median(runners.find(({ name }) => name === of)?.rates.get(size));
  for (const size of sizes) {
    console.log(`${size} at once, runs a second (median of ${rounds}; the range)`);
    for (const { name, rates } of runners) {
      const all = rates.get(size) ?? [];
      const times = ["DBOS Transact", "Restate"]
        .map((of) => ({ of, ratio: median(all) / beside(of, size) }))
        .filter(({ of, ratio }) => of !== name && !Number.isNaN(ratio))
        .map(({ of, ratio }) => `${ratio.toFixed(2)} x ${of}`);
      const range = `${Math.min(...all).toFixed(0)}-${Math.max(...all).toFixed(0)}`;
      console.log(
        `  ${name.padEnd(22)} ${median(all).toFixed(0).padStart(6)}  (${range})  ${times.join(", ")}`,
      );
    }
  }
  console.log("idle, from the approval to the first effect");
  for (const { name, idle } of runners)
    if (idle.length > 0) console.log(`  ${name.padEnd(22)} ${spread(idle)}`);
}
