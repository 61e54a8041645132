/** The files into which processes write: one a process, kept small, the oldest thrown away. */
import {
  closeSync,
  copyFileSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
} from "node:fs";
import { join } from "node:path";
import { plain } from "../../observe/text.ts";
import type { Process } from "./state.ts";

/** A file of `limit` bytes is set aside as `.1`, replacing the one before. */
const limit = 2_000_000;
/** Processes of a service whose files are kept. */
const kept = 6;

export function logPath(folder: string, { n, version }: Pick<Process, "n" | "version">): string {
  return join(folder, `${String(n).padStart(6, "0")}-${version}.log`);
}

/** The files of a folder, the oldest process first, each process' `.1` before its newer part. */
export function logFiles(folder: string): readonly string[] {
  const order = (name: string) => name.replace(/\.log$/, ".log.2");
  return names(folder)
    .filter((name) => /^\d{6,}-.*\.log(\.1)?$/.test(name))
    .sort((a, b) => (order(a) < order(b) ? -1 : 1))
    .map((name) => join(folder, name));
}

/** The process' number and version by the file's name. */
export function processOf(path: string): { readonly n: number; readonly version: string } {
  const [, n = "0", version = ""] = /(\d{6,})-(.*)\.log(?:\.1)?$/.exec(path) ?? [];
  return { n: Number(n), version };
}

/** Sets full files aside and throws old ones away. A writer goes on in the emptied file, since it appends. */
export function tidy(folder: string): void {
  const files = logFiles(folder);
  const numbers = [...new Set(files.map((path) => processOf(path).n))].sort((a, b) => b - a);
  const last = numbers[kept - 1] ?? 0;
  for (const path of files) {
    if (processOf(path).n < last) rmSync(path, { force: true });
    else if (
      path.endsWith(".log") &&
      (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > limit
    ) {
      copyFileSync(path, `${path}.1`);
      truncateSync(path);
    }
  }
}

/** The last lines, without their times, made plain and cut to 300 characters. */
export function lastLines(path: string, count: number): string[] {
  const bytes = Buffer.alloc(16_000);
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return []; // it never wrote, or its file has been thrown away
  }
  try {
    const start = Math.max(0, fstatSync(file).size - bytes.length);
    const text = bytes.toString("utf8", 0, readSync(file, bytes, 0, bytes.length, start));
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    return lines.slice(-count).map((line) => plain(stamped(line).text).slice(0, 300));
  } finally {
    closeSync(file);
  }
}

/** A line that begins with its time (ISO 8601, UTC) is taken apart. */
export function stamped(line: string): { readonly at?: number; readonly text: string } {
  const time = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z) ?/.exec(line);
  const at = Date.parse(time?.[1] ?? "");
  return time && !Number.isNaN(at) ? { at, text: line.slice(time[0].length) } : { text: line };
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw new Error(`reading ${folder}`, { cause: error });
  }
}
