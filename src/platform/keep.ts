/** Keeps the platform fresh while its file is edited. A broken file changes nothing: the last good set stays. */
import { watch } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { loadPlatform, parsePlatform } from "./load.ts";
import type { Platform } from "./schema.ts";

export interface Kept {
  /** The last good set. */
  current(): Platform;
  /** What is wrong with the file now, or undefined. */
  problem(): string | undefined;
  close(): void;
}

export interface Keeping {
  /** Told once for each text of the file that is broken (or gone). */
  readonly onBroken: (problem: string) => void;
  /** Told when a new set is taken. */
  readonly onTaken?: (platform: Platform) => void;
  /** How often the file is looked at where the system tells nothing, in milliseconds. */
  readonly poll?: number;
}

/** Loads `file` (throws where it is broken: a start is refused) and follows its changes until closed. */
export async function keepPlatform(file: string, keeping: Keeping): Promise<Kept> {
  let good = await loadPlatform(file);
  let problem: string | undefined;
  let seen = await mark(file);
  let timer: NodeJS.Timeout | undefined;
  let reading = Promise.resolve();
  let closed = false;

  /** Two reads never overlap, or the older one could win. */
  const read = () => {
    reading = reading.then(async () => {
      if (closed) return;
      seen = await mark(file);
      const taken = await attempt(file);
      if (closed) return;
      if (typeof taken === "string") {
        if (taken !== problem) keeping.onBroken(taken);
        problem = taken;
        return;
      }
      problem = undefined;
      if (taken.version === good.version && sameOrder(taken, good)) return;
      good = taken;
      keeping.onTaken?.(taken);
    });
  };
  /** Editors write in several moves: the last one counts. */
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(read, 50).unref();
  };
  const close = follow(file, soon);
  const poll = setInterval(async () => {
    const now = await mark(file);
    if (now !== seen) soon();
  }, keeping.poll ?? 2_000).unref();

  return {
    current: () => good,
    problem: () => problem,
    close() {
      closed = true;
      clearTimeout(timer);
      clearInterval(poll);
      close();
    },
  };
}

async function attempt(file: string): Promise<Platform | string> {
  try {
    return parsePlatform(file, await readFile(file, "utf8"));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Changes when the file does: editors that save by renaming make a new inode. */
async function mark(file: string): Promise<string> {
  const at = await stat(file).catch(() => undefined);
  return at ? `${at.ino} ${at.size} ${at.mtimeMs}` : "gone";
}

/** Watches the folder, since a watch on the file would stay with the old one after a rename. Where that can't be, polling is left. */
function follow(file: string, changed: () => void): () => void {
  try {
    const watcher = watch(dirname(file), { persistent: false }, (_, name) => {
      if (name === null || name === basename(file)) changed();
    });
    watcher.on("error", () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => {};
  }
}

/** The version tells nothing about order, which is the order in which versions travel. */
const sameOrder = (a: Platform, b: Platform): boolean => JSON.stringify(a) === JSON.stringify(b);
