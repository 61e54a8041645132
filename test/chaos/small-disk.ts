/** A small disk in memory, to be filled: where the machine lets us mount one. */
import { execFileSync } from "node:child_process";
import { appendFileSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Undefined where we may not mount. */
export async function smallDisk(
  megabytes: number,
): Promise<{ readonly folder: string; clear(): Promise<void> } | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "shipmate-small-"));
  const clear = () => rm(folder, { recursive: true, force: true });
  try {
    const how = ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder];
    execFileSync("mount", how, { stdio: "ignore" });
  } catch {
    await clear();
    return undefined;
  }
  return {
    folder,
    async clear() {
      execFileSync("umount", ["--lazy", folder]);
      await clear();
    },
  };
}

/** Takes all that is left; a second time what has become free. */
export function fill(folder: string): void {
  for (const bytes of [1024 * 1024, 4096]) {
    try {
      for (;;) appendFileSync(join(folder, "ballast"), Buffer.alloc(bytes));
    } catch {
      // ENOSPC: that was all.
    }
  }
}

export function empty(folder: string): void {
  rmSync(join(folder, "ballast"), { force: true });
}
