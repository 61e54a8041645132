/** A whole Shipmate as a process of its own, as `npm start` runs it, in a folder of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { State } from "../src/providers/local/state.ts";
import { killAll } from "./kill-all.ts";

const main = join(import.meta.dirname, "../src/main.ts");
/** Where src/run.mjs has Node keep what it compiled. */
const compiled = join(tmpdir(), "node-compile-cache");

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Milliseconds from its start. */
  readonly after: number;
  readonly stdout: string;
  readonly stderr: string;
}
export interface Running {
  readonly pid: number;
  readonly url: string;
  /** Milliseconds from its start to the line that says that it is ready. */
  readonly took: number;
  readonly ended: Promise<Ended>;
  stdout(): string;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
}

/** A temporary folder, and an end of it that leaves no Shipmate and no service of it running. */
export async function home(): Promise<{ readonly folder: string; clear(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "shipmate-test-"));
  return {
    folder,
    async clear() {
      killAll([...shipmatesIn(folder), ...processesOf(folder)]);
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** Starts it with these settings alone: nothing that a developer has set is handed on. */
export function launch(settings: { readonly [name: string]: string }) {
  const began = performance.now();
  const child = spawn(process.execPath, [main], {
    // A developer's own .env is not there.
    cwd: tmpdir(),
    env: { PATH: process.env["PATH"], PORT: "0", NODE_COMPILE_CACHE: compiled, ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (text) => {
    stdout += text;
  });
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  const ended = once(child, "close").then(
    ([code, signal]): Ended => ({
      ...{ code, signal, stdout, stderr },
      after: performance.now() - began,
    }),
  );
  return { child, began, ended, stdout: () => stdout, stderr: () => stderr };
}

/** Starts it and waits until it is ready. Throws with what it said where it ends before that. */
export async function start(settings: { readonly [name: string]: string }): Promise<Running> {
  const { child, began, ended, stdout, stderr } = launch(settings);
  let over: Ended | undefined;
  void ended.then((end) => {
    over = end;
  });
  for (;;) {
    const url = /^Shipmate is ready: (http:\/\/\S+)$/m.exec(stdout())?.[1];
    if (url !== undefined && child.pid !== undefined) {
      const took = performance.now() - began;
      const kill = (signal: NodeJS.Signals) => void child.kill(signal);
      return { pid: child.pid, url, took, ended, stdout, stderr, kill };
    }
    if (over) throw new Error(`it ended with ${over.code}: ${over.stderr}`);
    await sleep(5);
  }
}

/** Processes of sample services that write into this folder, whether its state knows them or not. */
export function processesOf(folder: string): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && writesInto(pid, folder));
}

function writesInto(pid: number, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/fd/1`).startsWith(`${folder}/`);
  } catch {
    return false;
  }
}

/** A Shipmate that lives or has lived in the folder, while it lives. */
function shipmatesIn(folder: string): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && isSetTo(pid, folder));
}

function isSetTo(pid: number, folder: string): boolean {
  try {
    const settings = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return settings.includes(`SHIPMATE_HOME=${folder}`);
  } catch {
    return false;
  }
}

/** What the local world remembers of a service. */
export function stateOf(folder: string, environment: string, service: string): State {
  const path = join(folder, "local", environment, service, "state.json");
  return State.parse(JSON.parse(readFileSync(path, "utf8")));
}

/** Asks until it is so, every 20 ms. Throws after `patience` milliseconds, with what was waited for. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  patience = 60_000,
): Promise<T> {
  const late = performance.now() + patience;
  for (;;) {
    const got = await ask();
    if (got !== undefined && got !== false) return got;
    if (performance.now() > late) throw new Error(`waited ${patience} ms for ${what}`);
    await sleep(20);
  }
}
