/**
 * The state on disk: one JSON file a service, replaced as a whole. A process that is killed at any
 * moment leaves either the old state or the new one; what is written `durable` outlives a power cut too.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { State } from "./state.ts";

/** Undefined where there is none. One that cannot be understood is set aside as `.broken`, and `log` is told. */
export function readState(path: string, log: (says: string) => void): State | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw new Error(`reading ${path}`, { cause });
  }
  try {
    return State.parse(JSON.parse(text));
  } catch {
    renameSync(path, `${path}.broken`);
    log(`${path} could not be understood: it was set aside as ${path}.broken`);
    return undefined;
  }
}

export function writeState(path: string, state: State, durable: boolean): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const next = `${path}.next`;
    const file = openSync(next, "w", 0o600);
    try {
      writeSync(file, JSON.stringify(state));
      if (durable) fsyncSync(file); // it blocks for 5-30 ms, so not for every step
    } finally {
      closeSync(file);
    }
    renameSync(next, path);
  } catch (cause) {
    throw new Error(`writing ${path}`, { cause });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
