/** The processes and databases that a measurement needs; each is stopped and dropped at its end. */
import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openPostgres } from "../src/store/postgres.ts";

const root = join(import.meta.dirname, "..");
export const kinds = ["pglite", "postgres"] as const;
export type Kind = (typeof kinds)[number];

/** Where a process keeps its data, as the settings that say so. */
export interface Place {
  readonly env: { readonly [name: string]: string };
  clear(): Promise<void>;
}

/** A fresh one. `undefined` where there is no PostgreSQL to measure: SHIPMATE_TEST_DATABASE_URL names it. */
export async function place(kind: Kind): Promise<Place | undefined> {
  const home = await mkdtemp(join(tmpdir(), "shipmate-bench-"));
  const remove = () => rm(home, { recursive: true, force: true });
  if (kind === "pglite") return { env: { SHIPMATE_HOME: home }, clear: remove };
  const server = process.env["SHIPMATE_TEST_DATABASE_URL"];
  if (server === undefined) {
    await remove();
    return undefined;
  }
  const name = `shipmate_bench_${randomUUID().slice(0, 8)}`;
  await administer(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    env: { SHIPMATE_HOME: home, DATABASE_URL: url.href },
    async clear() {
      await administer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await remove();
    },
  };
}

async function administer(server: string, statement: string): Promise<void> {
  const database = await openPostgres(server, { max: 1 });
  await database.run(statement).finally(() => database.close());
}

/** Starts a script of this folder and waits until it says that it is ready. Settings of ours are not handed on. */
export async function started(
  script: string,
  args: readonly string[],
  env: { readonly [name: string]: string },
): Promise<ChildProcess> {
  const child = fork(join(root, script), args, {
    cwd: root,
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const [said] = await Promise.race([once(child, "message"), once(child, "exit")]);
  if (said !== "ready") throw new Error(`${script} ended before it was ready`);
  return child;
}

/** Waits until the address answers with 200. */
export async function answering(url: string, child: ChildProcess): Promise<void> {
  for (;;) {
    const ok = await fetch(url).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ok) return;
    if (child.exitCode !== null) throw new Error("the process ended before it answered");
    await sleep(5);
  }
}

export async function stopped(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const end = once(child, "exit");
  child.kill("SIGTERM");
  const late = AbortSignal.timeout(10_000);
  late.addEventListener("abort", () => child.kill("SIGKILL"), { once: true });
  await end;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("finding a free port");
  return address.port;
}
