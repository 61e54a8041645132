/** Tells one process from a later one of the same pid. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** When the process started, in the system's own words without spaces; undefined where it does not run. */
export function startOf(pid: number): string | undefined {
  if (process.platform === "linux") return fromProc(pid);
  if (!runs(pid)) return undefined;
  return process.platform === "win32" ? "" : fromPs(pid);
}

/** Fields 3 and 22 of /proc/PID/stat (proc(5)): the state and the start in ticks since boot. */
function fromProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ended = fields[0] === "Z" || fields[0] === "X";
  return ended ? undefined : fields[19];
}

function fromPs(pid: number): string | undefined {
  try {
    const said = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], {
      encoding: "utf8",
      env: { PATH: "/bin:/usr/bin", LC_ALL: "C", TZ: "UTC" },
    });
    return said.trim().replace(/[^A-Za-z0-9]+/g, "-") || undefined;
  } catch {
    return undefined;
  }
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
