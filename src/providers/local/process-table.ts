/** Finds processes of ours by the instance in their arguments. A pid alone is never proof: it may be somebody else's by now. */
import { readdir, readFile } from "node:fs/promises";
import { get } from "node:http";
import { platform } from "node:process";

export interface Sought {
  readonly pid: number | null;
  readonly instance: string;
  readonly port: number;
}

/** The pid under which this instance runs, or undefined. */
export async function findProcess(sought: Sought): Promise<number | undefined> {
  if (platform !== "linux") return askProcess(sought);
  if (sought.pid !== null)
    return (await isThere(sought.pid, sought.instance)) ? sought.pid : undefined;
  for (const name of await readdir("/proc")) {
    const pid = Number(name);
    if (Number.isInteger(pid) && (await isThere(pid, sought.instance))) return pid;
  }
  return undefined;
}

/** The arguments of a process that has ended but is not yet reaped are empty, so it counts as gone. */
async function isThere(pid: number, instance: string): Promise<boolean> {
  try {
    const args = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0");
    return args.includes(argumentOf(instance));
  } catch {
    return false; // gone, or not ours to read
  }
}

/** What stands in the arguments of an instance. */
export function argumentOf(instance: string): string {
  return `--instance=${instance}`;
}

/** Where there is no /proc, the process itself says who it is; one that does not answer is not taken for ours. */
function askProcess({ port, instance }: Sought): Promise<number | undefined> {
  return new Promise((resolve) => {
    const no = () => resolve(undefined);
    const url = { host: "127.0.0.1", port, path: "/version", agent: false, timeout: 1_000 };
    const request = get(url, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body += text;
        if (body.length > 10_000) request.destroy();
      });
      response.on("end", () => resolve(pidIn(body, instance)));
      response.on("error", no);
    });
    request.on("timeout", () => request.destroy());
    request.on("error", no);
    request.on("close", no);
  });
}

function pidIn(body: string, instance: string): number | undefined {
  try {
    const answer: unknown = JSON.parse(body);
    if (typeof answer !== "object" || answer === null) return undefined;
    if (!("instance" in answer) || answer.instance !== instance) return undefined;
    return "pid" in answer && typeof answer.pid === "number" ? answer.pid : undefined;
  } catch {
    return undefined;
  }
}
