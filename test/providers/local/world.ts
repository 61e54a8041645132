/** A local world in a folder of its own, and what the machine itself says about its processes. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { type Local, type LocalOptions, local } from "../../../src/providers/local/local.ts";
import { killAll } from "../../kill-all.ts";

export interface Place {
  readonly folder: string;
  /** A copy: its path stands in the arguments of each process, which tells ours from all others. */
  readonly samples: string;
  open(more?: Partial<LocalOptions>): Promise<Local>;
  /** Effects that were carried out, by the files on disk. */
  effects(): number;
  /** The lines with which samples say that they started, of all processes ever. */
  starts(version: string): number;
  /** Pids of processes that run now, by the system's own table. */
  running(): readonly number[];
  remove(): void;
}

export const at = { service: "web", environment: "staging" } as const;
export const limits = { healthy: 3_000, stop: 2_000, watch: 100 } as const;

export function place(): Place {
  const home = mkdtempSync(join(tmpdir(), "shipmate-local-"));
  const folder = join(home, "local");
  const samples = join(home, "samples");
  cpSync("manifests/samples", samples, { recursive: true });
  const add = (version: string, code: string) => {
    mkdirSync(join(samples, "web", version));
    const start = `import { log, serve } from "../../serve.mjs";\n`;
    writeFileSync(join(samples, "web", version, "main.mjs"), start + code);
  };
  add(
    "1.6.0",
    `log("waiting"); serve({ name: "web", version: "1.6.0", pages: {}, health: () => [503, "no"] });`,
  );
  add("1.6.1", `log("asleep"); setInterval(() => {}, 1_000);`);
  add("1.6.2", `setTimeout(() => serve({ name: "web", version: "1.6.2", pages: {} }), 4_000);`);
  add(
    "1.7.0",
    `${hostile}\nserve({ name: "web", version: "1.7.0", pages: { "/env": () => JSON.stringify(process.env), "/slow": () => "" } });`,
  );

  const files = () =>
    readdirSync(home, { recursive: true, encoding: "utf8" }).map((name) => join(home, name));
  return {
    folder,
    samples,
    open: (more = {}) => local({ folder, samples, limits, ...more }),
    effects: () =>
      files()
        .filter((path) => path.endsWith("state.json"))
        .map((path) => Effects.parse(JSON.parse(readFileSync(path, "utf8"))).effects)
        .reduce((a, b) => a + b, 0),
    starts: (version) =>
      files()
        .filter((path) => path.endsWith(`-${version}.log`))
        .filter((path) => / (?:listens on|starts,)/.test(readFileSync(path, "utf8"))).length,
    running: () => pidsWith(samples),
    remove() {
      killAll(pidsWith(samples));
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const Effects = z.object({ effects: z.int() });

/** A long line, colours, a cursor move, a bell, a text direction, and half a character. */
const hostile = `
log("x".repeat(50_000));
log("\\u001b[31mred\\u001b[0m \\u0007bell \\u202eright to left");
process.stdout.write(Buffer.from([0xff, 0xfe, 0x0a]));
console.error("a line without a time");`;

function pidsWith(path: string): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && argumentsOf(pid).some((arg) => arg.startsWith(path)));
}

function argumentsOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return []; // it has just ended
  }
}
