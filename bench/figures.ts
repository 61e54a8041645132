/** Numbers from samples, and the machine on which they were taken. */
import { readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";

/** The sample below which `share` (0 to 1) of them lie. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** `p50 1.2  p99 3.4  most 5.6 ms (n 500)` */
export function spread(samples: readonly number[]): string {
  const ms = (share: number) => percentile(samples, share).toFixed(1);
  return `p50 ${ms(0.5)}  p99 ${ms(0.99)}  most ${ms(1)} ms (n ${samples.length})`;
}

/** Cores, memory and disk; no name, no path. */
export async function machine(folder: string): Promise<string> {
  const gigabytes = (bytes: number) => `${Math.round(bytes / 2 ** 30)} GB`;
  const { type } = await statfs(folder);
  const model =
    /model name\s*:\s*(.*)/.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "unknown";
  const kinds: { readonly [magic: number]: string } = {
    61267: "ext4",
    1481003842: "xfs",
    2035054128: "overlay",
    16914836: "tmpfs",
    2435016766: "btrfs",
  };
  const disk = kinds[type] ?? `file system ${type.toString(16)}`;
  return `${availableParallelism()} cores (${model.trim()}), ${gigabytes(totalmem())} of memory, data on ${disk}, Node ${process.versions.node}`;
}
