/** How much room a folder's disk has for those who write to it. */
import { statfsSync } from "node:fs";
import { access } from "node:fs/promises";
import { dirname } from "node:path";

/** With less than that nothing is written: PGlite's log and a checkpoint need as much, in bytes. */
export const leastRoom = 32 * 1024 * 1024;
/** How long an answer counts, in milliseconds. */
const fresh = 100;

/** Whether there is enough, asked anew ten times a second at most. */
export function roomIn(folder: string): () => boolean {
  let known = true;
  let asked = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - asked < fresh) return known;
    asked = now;
    known = bytesLeft(folder) >= leastRoom;
    return known;
  };
}

/** Of the nearest folder above that is there. */
export async function roomAbove(folder: string): Promise<number> {
  const isThere = await access(folder).then(
    () => true,
    () => false,
  );
  const above = dirname(folder);
  return isThere || above === folder ? bytesLeft(folder) : roomAbove(above);
}

/** Where that can't be told there is room. */
function bytesLeft(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
