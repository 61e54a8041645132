/** Runs kustomize, kubectl and helm on files of the project: no shell, no settings of ours, no network, limits. */
import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { refuse } from "../../../core/refusal.ts";
import { masker } from "../../../observe/mask.ts";
import { line, plain } from "../../../observe/text.ts";

export interface Tools {
  /** The path of the first of these programs that is there. Once found it is remembered. */
  find(...names: readonly string[]): Promise<string | undefined>;
  /** What it prints. Refuses with its own words where it fails; `what` is what it was to do: `rendering the chart of web`. */
  run(
    program: string,
    args: readonly string[],
    how: {
      readonly what: string;
      /** Values that never may be shown. */
      readonly secrets?: readonly string[];
      readonly signal: AbortSignal;
    },
  ): Promise<string>;
}

/** Where programs usually are. */
const usual = ["/usr/local/bin", "/opt/homebrew/bin", "/usr/bin", "/bin", "/snap/bin"];
/** Milliseconds, and bytes of what is printed. */
const limits = { time: 30_000, output: 20_000_000, errors: 100_000 };

/** `path`: folders to look in before the usual ones, as PATH has them. `time`: the time limit in milliseconds. */
export function tools({
  path = "",
  time = limits.time,
}: {
  readonly path?: string | undefined;
  readonly time?: number | undefined;
}): Tools {
  const folders = [...path.split(delimiter).filter((folder) => folder !== ""), ...usual];
  const found = new Map<string, string>();
  return {
    async find(...names) {
      for (const name of names) {
        const known = found.get(name) ?? (await firstIn(folders, name));
        if (known === undefined) continue;
        found.set(name, known);
        return known;
      }
      return undefined;
    },
    async run(program, args, { what, secrets = [], signal }) {
      signal.throwIfAborted();
      const home = await mkdtemp(join(tmpdir(), "shipmate-tool-"));
      try {
        const end = await ended(program, args, environment(folders, home), time, signal);
        if (end.why !== undefined) refuse(`${capital(what)} was given up: it ${end.why}.`);
        if (end.code === 0) return end.output;
        const says = masker({ secrets: () => secrets }).text(plain(end.errors));
        return refuse(`${capital(what)} did not work: ${firstWords(says)}`);
      } finally {
        await rm(home, { recursive: true, force: true });
      }
    },
  };
}

async function firstIn(folders: readonly string[], name: string): Promise<string | undefined> {
  for (const folder of folders) {
    const path = join(folder, process.platform === "win32" ? `${name}.exe` : name);
    const there = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (there) return path;
  }
  return undefined;
}

/** All that it gets. A proxy where nobody listens and no protocol for git: what it renders lies here. */
function environment(folders: readonly string[], home: string): Readonly<Record<string, string>> {
  const nobody = "http://127.0.0.1:1";
  return {
    PATH: folders.join(delimiter),
    HOME: home,
    TMPDIR: home,
    LC_ALL: "C",
    HTTP_PROXY: nobody,
    HTTPS_PROXY: nobody,
    http_proxy: nobody,
    https_proxy: nobody,
    GIT_ALLOW_PROTOCOL: "none",
    GIT_TERMINAL_PROMPT: "0",
    HELM_PLUGINS: join(home, "plugins"),
    KUBECONFIG: join(home, "none"),
    ...(process.platform === "win32" && { SystemRoot: "C:\\Windows", TEMP: home, TMP: home }),
  };
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
  /** Why we stopped it. */
  readonly why: string | undefined;
}

/** Stops it, with all that it started, when a limit is reached. Throws the signal's reason when that aborts. */
function ended(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  time: number,
  signal: AbortSignal,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const group = process.platform !== "win32";
    const child = spawn(program, args, {
      env,
      cwd: env["HOME"],
      detached: group,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let why: string | undefined;
    const stop = (because: string | undefined) => {
      why ??= because;
      try {
        if (group && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
        else child.kill("SIGKILL");
      } catch {
        // It has ended by itself.
      }
    };
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    let [printed, complained] = [0, 0];
    child.stdout.on("data", (chunk: Buffer) => {
      printed += chunk.length;
      if (printed > limits.output) stop("printed more than 20 MB");
      else output.push(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      if (complained < limits.errors) errors.push(chunk);
      complained += chunk.length;
    });
    const timer = setTimeout(() => stop(`took longer than ${time / 1_000} s`), time);
    const aborted = () => stop(undefined);
    signal.addEventListener("abort", aborted);
    const over = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
    };
    child.once("error", (cause) => {
      over();
      reject(new Error(`running ${program}`, { cause }));
    });
    child.once("close", (code) => {
      over();
      if (signal.aborted) return reject(signal.reason);
      const text = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString("utf8");
      resolve({ code, output: text(output), errors: text(errors), why });
    });
  });
}

/** From `Error:` on, as one sentence, without what is good for nobody here. */
function firstWords(errors: string): string {
  const from = errors.search(/^error:/im);
  const words = errors
    .slice(Math.max(0, from))
    .replace(/^error:\s*/i, "")
    .replace(/\n+Use --debug flag[^\n]*/g, "");
  const says = line(words, 300).replace(/[.:]$/, "");
  return says === "" ? "it did not say why." : `${says}.`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
