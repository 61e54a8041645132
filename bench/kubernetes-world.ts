/** A control plane of its own, and whole Shipmates that work on it as the user `shipmate`. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type OwnKube, ownCluster } from "../test/kube.ts";
import { answering, freePort, stopped } from "./processes.ts";

/** One line of the table at the end. */
export interface Figure {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  readonly reached: boolean;
}

export interface World {
  readonly kube: OwnKube;
  /** A temporary folder. */
  folder(): Promise<string>;
  /** Starts one in local mode whose platform.yaml has these services, and waits until it is ready. */
  shipmate(services: Services): Promise<Ours>;
  close(): Promise<void>;
}

/** Manifests by service. */
export type Services = Readonly<Record<string, string>>;

export interface Ours {
  readonly url: string;
  /** Resident memory now, in MB. */
  resident(): number;
  /** Runs, the newest first. */
  runs(limit?: number): Promise<readonly Run[]>;
  say(text: string): Promise<void>;
  close(): Promise<void>;
}

const Run = z.object({
  id: z.string(),
  title: z.string(),
  state: z.string(),
  says: z.string(),
  at: z.number(),
  ended: z.number().nullable(),
});
export type Run = z.output<typeof Run>;

/** What ends the measurement where nothing has happened for so long; milliseconds. */
const patience = 300_000;

/** Undefined where there is no control plane to measure: SHIPMATE_TEST_KUBE names it. */
export async function world(): Promise<World | undefined> {
  const ends: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  const folder = async () => {
    const made = await mkdtemp(join(tmpdir(), "shipmate-bench-"));
    ends.push(() => rm(made, { recursive: true, force: true }));
    return made;
  };
  if (!process.env["SHIPMATE_TEST_KUBE"]) return undefined;
  const asker = {
    skip: (note: string): never => {
      throw new Error(note);
    },
    onTestFinished: (end: () => Promise<void>) => void ends.push(end),
  };
  try {
    const kube = await ownCluster(asker);
    await kube.grant("shipmate", "cluster-admin");
    return {
      kube,
      folder,
      close,
      shipmate: async (services) => {
        const ours = await started(kube, await folder(), services);
        ends.push(ours.close);
        return ours;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Waits until it is there. Throws where it does not come. */
export async function until<T>(what: () => string, find: () => Promise<T | undefined>): Promise<T> {
  const late = performance.now() + patience;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (performance.now() > late) throw new Error(`waiting for ${what()}`);
    await sleep(100);
  }
}

/** Waits until the newest run with this title has ended well, and gives it. */
export function succeeded(ours: Ours, title: string): Promise<Run> {
  let says = "it did not begin";
  return until(
    () => `the end of "${title}": ${says}`,
    async () => {
      const run = (await ours.runs()).find((one) => one.title === title);
      says = run?.says ?? says;
      if (run === undefined || run.ended === null) return undefined;
      if (run.state !== "succeeded")
        throw new Error(`"${title}" ended as ${run.state}: ${run.says}`);
      return run;
    },
  );
}

/** People, two environments and these services. In production one of the owners has to approve. */
export function platformOf(kubeconfig: string, context: string, services: readonly string[]) {
  // A machine that is busy must not have a rollout taken back.
  const [change, rollback, patience] = ["everyone", "pre-approved", "5m"];
  return {
    people: { ada: { name: "Ada" }, grace: { name: "Grace" } },
    teams: { payments: { members: ["ada", "grace"] } },
    services: Object.fromEntries(
      services.map((name) => [name, { owner: "payments", manifests: `manifests/${name}` }]),
    ),
    environments: {
      staging: { cluster: "bench", change, rollback, patience },
      production: { cluster: "bench", change, rollback, patience, approval: { from: "owners" } },
    },
    clusters: { bench: { provider: "kubernetes", kubeconfig, context } },
  };
}

async function started(kube: OwnKube, folder: string, services: Services): Promise<Ours> {
  const { kubeconfig, context = "shipmate" } = kube.as("shipmate");
  const manifests = join(folder, "manifests");
  const platform = platformOf(kubeconfig, context, Object.keys(services));
  await mkdir(manifests, { recursive: true });
  // JSON is YAML, too.
  await writeFile(join(manifests, "platform.yaml"), JSON.stringify(platform));
  for (const [name, yaml] of Object.entries(services)) {
    await mkdir(join(manifests, name));
    await writeFile(join(manifests, name, `${name}.yaml`), yaml);
  }
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, ["src/run.mjs", "src/main.ts"], {
    env: {
      PATH: process.env["PATH"],
      SHIPMATE_HOME: join(folder, "home"),
      SHIPMATE_MANIFESTS: manifests,
      PORT: String(port),
      LOG_LEVEL: "error",
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  await answering(`${url}/readyz`, child);
  return ours(url, child);
}

function ours(url: string, child: ChildProcess): Ours {
  return {
    url,
    resident() {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024);
    },
    async runs(limit = 50) {
      // Asked all the time: a connection that is kept may be closed just as it is used, where the machine is busy.
      const headers = { connection: "close" };
      const answer = await fetch(`${url}/api/v1/runs?limit=${limit}`, { headers });
      return z.object({ runs: z.array(Run) }).parse(await answer.json()).runs;
    },
    async say(text) {
      const answer = await fetch(`${url}/api/v1/console/say`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ as: "ada", channel: "general", text }),
      });
      const said = await answer.text();
      if (!answer.ok || said.includes('"card"')) throw new Error(`saying "${text}": ${said}`);
    },
    close: () => stopped(child),
  };
}
