/** Real Shipmates as processes around one database, with an outside that outlives them all. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Database } from "../../src/store/database.ts";
import { openPglite } from "../../src/store/pglite.ts";
import { openPostgres } from "../../src/store/postgres.ts";
import { type Outside, outsideAt } from "./faces.ts";
import type { Moment } from "./points.ts";
import type { Said } from "./replica.ts";
import { Told } from "./words.ts";

/** Where the truth lies: a folder for one process at a time, or servers for any number. */
export type Place =
  | { readonly mode: "pglite" }
  | { readonly mode: "postgres"; readonly database: string }
  | { readonly mode: "fleet"; readonly database: string; readonly redis: string };

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}
export interface Replica {
  readonly pid: number;
  /** True once it is ready, false where a signal ended it before. Throws what it said where it ended by itself. */
  readonly ready: Promise<boolean>;
  /** Its console and `/metrics`; empty before it is ready. */
  readonly url: () => string;
  /** How many milliseconds its clock is ahead of ours, when it was ready. */
  readonly ahead: () => number;
  /** What it wrote so far. */
  readonly said: () => string;
  readonly complained: () => string;
  readonly ended: Promise<Ended>;
  readonly isOver: () => boolean;
  /** A webhook of the chat: comes back when it was acknowledged, throws where it was not. */
  hear(said: Said): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}
export interface Starting {
  /** What it does to itself. */
  readonly moments?: readonly Moment[];
  /** Settings besides, and instead of, the fleet's own. */
  readonly env?: { readonly [name: string]: string };
  /** Before Node and its arguments: `["ip", "netns", "exec", "a"]`. */
  readonly under?: readonly string[];
  /** How the outside is reached, where not straight. */
  readonly outside?: string;
}
export interface Fleet {
  readonly place: Place;
  /** Everything of it: each one's home is `home-SEAT` in it. */
  readonly folder: string;
  readonly outside: Outside;
  /** Where the outside listens. */
  readonly outsideUrl: string;
  /** Starts the `seat`th one: its folder is its seat's, so that there is at most one in each. */
  launch(seat: number, how?: Starting): Replica;
  /** Those that are ready, by seat. */
  readonly live: ReadonlyMap<number, Replica>;
  /** What the outside wrote down. */
  told(): Promise<Told>;
  /** The database itself. On PGlite nobody else may hold it meanwhile. */
  open(): Promise<Database>;
  /** Ends everything at once and clears it away. */
  close(): Promise<void>;
}

const node = ["--disable-warning=ExperimentalWarning"];
const here = import.meta.dirname;
/** How many services there are; each is in staging and in production. */
export const services = 60;

export async function openFleet(place: Place): Promise<Fleet> {
  const folder = await mkdtemp(join(tmpdir(), "shipmate-chaos-"));
  await mkdir(join(folder, "manifests"));
  await writeFile(join(folder, "manifests/platform.yaml"), JSON.stringify(platform));
  const beyond = spawn(process.execPath, [...node, join(here, "outside.ts"), folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const port = await lineOf(beyond, /^port (\d+)$/m);
  const outsideUrl = `http://127.0.0.1:${port}/`;
  const outside = outsideAt(outsideUrl);
  const live = new Map<number, Replica>();
  const all = new Set<ChildProcess>();
  const settings = {
    ...(place.mode !== "pglite" && { DATABASE_URL: place.database }),
    ...(place.mode === "fleet" && { REDIS_URL: place.redis }),
  };
  return {
    ...{ place, folder, outside, outsideUrl, live },
    launch(seat, { moments = [], env = {}, under = [], outside: via = outsideUrl } = {}) {
      const home = join(folder, `home-${seat}`);
      const orders = JSON.stringify({ outside: via, moments });
      const line = [...under, process.execPath, ...node, join(here, "replica.ts"), orders];
      const child = spawn(line[0] ?? "", line.slice(1), {
        cwd: folder,
        env: {
          ...{ PATH: process.env["PATH"], PORT: "0", LOG_LEVEL: "warn", SHIPMATE_HOME: home },
          ...{ SHIPMATE_MANIFESTS: join(folder, "manifests"), NODE_COMPILE_CACHE: compiled },
          ...settings,
          ...env,
        },
        stdio: ["ignore", "pipe", "pipe"],
      });
      all.add(child);
      const replica = replicaOf(child);
      replica.ready.then(
        (is) => is && live.set(seat, replica),
        () => {},
      );
      void replica.ended.then(() => {
        all.delete(child);
        if (live.get(seat) === replica) live.delete(seat);
      });
      return replica;
    },
    told: async () => Told.parse(await outside({ is: "told", effects: 0, messages: 0 })),
    open: () =>
      place.mode === "pglite"
        ? openPglite({ folder: join(folder, "home-0/database") })
        : openPostgres(place.database),
    async close() {
      for (const child of [...all, beyond]) child.kill("SIGKILL");
      await Promise.all([...all, beyond].map(ended));
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** Where Node keeps what it compiled: a start costs a third of the time then. */
const compiled = join(tmpdir(), "node-compile-cache");

const Ready = z.object({ url: z.string(), ears: z.string(), now: z.number() });

function replicaOf(child: ChildProcess): Replica {
  let [stdout, stderr] = ["", ""];
  let known: z.output<typeof Ready> | undefined;
  let ahead = 0;
  const ready = Promise.withResolvers<boolean>();
  child.stdout?.on("data", (text) => {
    stdout += text;
    const line = known ? undefined : /^ready (.*)\n/m.exec(stdout)?.[1];
    if (line === undefined) return;
    known = Ready.parse(JSON.parse(line));
    ahead = known.now - Date.now();
    ready.resolve(true);
  });
  child.stderr?.on("data", (text) => {
    stderr = `${stderr}${text}`.slice(-20_000);
  });
  const over = ended(child);
  void over.then(({ signal }) => {
    if (signal !== null) ready.resolve(false);
    else ready.reject(new Error(`a Shipmate ended before it was ready: ${stdout} ${stderr}`));
  });
  ready.promise.catch(() => {});
  return {
    ...{ pid: child.pid ?? 0, ready: ready.promise, url: () => known?.url ?? "" },
    ahead: () => ahead,
    ...{ said: () => stdout, complained: () => stderr, ended: over },
    isOver: () => child.exitCode !== null || child.signalCode !== null,
    async hear(said) {
      const body = JSON.stringify(said);
      const signal = AbortSignal.timeout(10_000);
      if (known === undefined) throw new Error("it is not ready to hear anything");
      const answer = await fetch(known.ears, { method: "POST", body, signal });
      await answer.arrayBuffer();
    },
    kill: (signal) => void child.kill(signal),
  };
}

async function ended(child: ChildProcess): Promise<Ended> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "close");
  return { code: child.exitCode, signal: child.signalCode };
}

async function lineOf(child: ChildProcess, pattern: RegExp): Promise<string> {
  let text = "";
  for await (const chunk of child.stdout ?? []) {
    text += chunk;
    const found = pattern.exec(text)?.[1];
    if (found !== undefined) return found;
  }
  throw new Error(`it ended without saying ${pattern}: ${text}`);
}

/** Ada asks, Grace approves what goes to production: more than two people would in a minute. */
const platform = {
  limits: { said: 100_000 },
  people: {
    ada: { name: "Ada", accounts: { chat: "ada" } },
    grace: { name: "Grace", accounts: { chat: "grace" } },
  },
  teams: { payments: { members: ["ada", "grace"] } },
  services: Object.fromEntries(
    Array.from({ length: services }, (_, n) => [`s${n}`, { owner: "payments" }]),
  ),
  environments: {
    staging: { cluster: "local", change: "everyone" },
    production: { cluster: "local", approval: { from: "owners", expires: "4h" } },
  },
  clusters: { local: { provider: "local" } },
};
