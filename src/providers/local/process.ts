/** One process of a sample service: started, watched, told to stop. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { argumentOf, findProcess } from "./process-table.ts";
import type { Process } from "./state.ts";

/** How a process ended; undefined fields where nobody of ours saw it. */
export interface Ended {
  readonly code?: number | undefined;
  readonly signal?: string | undefined;
}
export type Fate =
  | { readonly is: "alive"; readonly pid: number }
  | { readonly is: "new" }
  | ({ readonly is: "ended" } & Ended);

export interface Processes {
  /** Starts it, detached, writing to `log`. Gives the pid. It gets nothing of our environment. */
  start(process: Process, main: string, log: string): number;
  /** What has become of it. `new`: it was recorded but certainly never started, as its log is empty. */
  fate(process: Process, log: string): Promise<Fate>;
  /** Sends a signal, if it is still ours. */
  signal(process: Process, signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Nobody will ask about it again. */
  forget(process: Process): void;
  /** Lets go of all processes without stopping them. */
  close(): void;
}

/** `changed` is called with the instance whenever a process that was started here ends. */
export function processes(changed: (instance: string) => void): Processes {
  const children = new Map<string, ChildProcess>();
  const ended = new Map<string, Ended>();

  async function fate(process: Process, log: string): Promise<Fate> {
    const known = ended.get(process.instance);
    if (known) return { is: "ended", ...known };
    const child = children.get(process.instance);
    if (child?.pid !== undefined) return { is: "alive", pid: child.pid };
    const pid = await findProcess(process);
    if (pid !== undefined) return { is: "alive", pid };
    return process.pid === null && isEmpty(log) ? { is: "new" } : { is: "ended" };
  }

  return {
    fate,
    start(process, main, log) {
      const output = openSync(log, "a", 0o600);
      try {
        const child = spawn(globalThis.process.execPath, [main, argumentOf(process.instance)], {
          cwd: dirname(main),
          detached: true,
          stdio: ["ignore", output, output],
          env: {
            PORT: String(process.port),
            HOST: "127.0.0.1",
            INSTANCE: process.instance,
            ...windows(),
          },
        });
        const over = (end: Ended) => {
          children.delete(process.instance);
          ended.set(process.instance, end);
          changed(process.instance);
        };
        child.once("exit", (code, signal) =>
          over({ code: code ?? undefined, signal: signal ?? undefined }),
        );
        child.once("error", () => over({}));
        child.unref();
        if (child.pid === undefined) throw new Error(`starting ${main}`);
        children.set(process.instance, child);
        return child.pid;
      } finally {
        closeSync(output);
      }
    },
    async signal(process, signal) {
      const child = children.get(process.instance);
      if (child) child.kill(signal);
      else {
        const pid = await findProcess(process);
        if (pid !== undefined) kill(pid, signal);
      }
    },
    forget({ instance }) {
      ended.delete(instance);
    },
    close() {
      for (const child of children.values()) {
        child.removeAllListeners();
        child.unref();
      }
      children.clear();
    },
  };
}

function kill(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const gone = error instanceof Error && "code" in error && error.code === "ESRCH";
    if (!gone) throw error;
  }
}

function isEmpty(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

/** The one thing that sockets need on Windows. */
function windows(): { SystemRoot?: string } {
  return process.platform === "win32" ? { SystemRoot: "C:\\Windows" } : {};
}
