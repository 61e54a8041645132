/** A PostgreSQL and a Redis of a test's own, to be stopped, killed and started again while others use them. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { Client } from "pg";
import { freePort } from "../free-port.ts";

export interface OwnServer {
  readonly url: string;
  readonly folder: string;
  /** Comes back when it answers. */
  start(): Promise<void>;
  /** SIGQUIT is PostgreSQL's immediate stop: nothing is written any more. */
  stop(signal: "SIGQUIT" | "SIGKILL" | "SIGTERM" | "SIGINT"): Promise<void>;
  /** Whether its process lives. */
  isUp(): boolean;
  close(): Promise<void>;
}

/** Started, empty. `folder`: where its data lies, for a small disk; `more`: settings, `["-c", "fsync=off"]`. */
export async function ownPostgres(
  options: { readonly folder?: string; readonly more?: readonly string[] } = {},
): Promise<OwnServer> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), "shipmate-postgres-")));
  const data = join(folder, "data");
  const port = await freePort();
  const bin = programs();
  const under = asPostgres(folder);
  const [command = "", ...first] = [...under, join(bin, "initdb")];
  const how = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"];
  execFileSync(command, [...first, "-D", data, ...how], { cwd: "/", stdio: "ignore" });
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  return serverOf({
    ...{ url, folder, clears: options.folder === undefined },
    line: [
      ...[...under, join(bin, "postgres"), "-D", data, "-p", String(port)],
      ...["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="],
      ...["-c", "max_connections=200", ...(options.more ?? [])],
    ],
    async answers() {
      const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
      client.on("error", () => undefined);
      try {
        await client.connect();
        await client.query("SELECT 1");
      } finally {
        await client.end().catch(() => undefined);
      }
    },
  });
}

/** Started, empty, and forgetful: what a kill takes is gone. */
export async function ownRedis(): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), "shipmate-redis-"));
  const port = await freePort();
  return serverOf({
    ...{ url: `redis://127.0.0.1:${port}`, folder, clears: true },
    line: [
      ...["redis-server", "--port", String(port), "--bind", "127.0.0.1"],
      ...["--save", "", "--appendonly", "no", "--dir", folder],
    ],
    answers: () => answersAt(port),
  });
}

/** Everything in a Redis is gone at once. */
export async function flush(url: string): Promise<void> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  redis.on("error", () => undefined);
  try {
    await redis.flushall();
  } finally {
    redis.disconnect();
  }
}

interface ServerParts {
  readonly url: string;
  readonly folder: string;
  readonly clears: boolean;
  readonly line: readonly string[];
  answers(): Promise<void>;
}

async function serverOf(parts: ServerParts): Promise<OwnServer> {
  let child: ChildProcess | undefined;
  let said = "";
  const isUp = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  const start = async () => {
    const [command = "", ...rest] = parts.line;
    child = spawn(command, rest, { cwd: "/", stdio: ["ignore", "pipe", "pipe"] });
    const hear = (text: Buffer) => {
      said = `${said}${text}`.slice(-4_000);
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    const late = performance.now() + 60_000;
    for (;;) {
      try {
        return await parts.answers();
      } catch (cause) {
        if (!isUp()) throw new Error(`it ended: ${said}`, { cause });
        if (performance.now() > late) throw new Error(`it does not answer: ${said}`, { cause });
        await sleep(50);
      }
    }
  };
  const stop: OwnServer["stop"] = async (signal) => {
    if (!isUp() || child === undefined) return;
    const over = once(child, "close");
    child.kill(signal);
    await over;
  };
  await start();
  return {
    ...{ url: parts.url, folder: parts.folder, start, stop, isUp },
    async close() {
      await stop("SIGQUIT");
      if (parts.clears) await rm(parts.folder, { recursive: true, force: true });
    },
  };
}

async function answersAt(port: number): Promise<void> {
  const socket = createConnection(port, "127.0.0.1");
  try {
    await once(socket, "connect");
  } finally {
    socket.destroy();
  }
}

/** Where Debian keeps PostgreSQL's programs. */
export function programs(): string {
  const root = "/usr/lib/postgresql";
  const newest = readdirSync(root).sort((a, b) => Number(b) - Number(a))[0];
  return join(root, newest ?? "", "bin");
}

/** PostgreSQL refuses to run as root. */
function asPostgres(folder: string): readonly string[] {
  if (process.getuid?.() !== 0) return [];
  execFileSync("chown", ["postgres", folder]);
  chmodSync(folder, 0o700);
  return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"];
}
