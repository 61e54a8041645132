/**
 * One Shipmate at a time in a folder: PGlite does not lock its own, and two would lose commits silently.
 *
 * - Who wants the folder first puts up a file of its own (O_EXCL), whose name says all: pid, start, boot, namespace.
 * - Then it looks around. Where another living process has one too, it takes its own down again.
 *   Of two at once the later look sees the other's file, so never do both stay; they try again, a little apart.
 * - A dead process' file is taken away by whoever sees it; its name never comes again, so nobody is hit by mistake.
 */
import { readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { refuse } from "../core/refusal.ts";
import { startOf } from "./process.ts";

export interface Held {
  release(): Promise<void>;
}

/** How long it tries where others come and go at the same moment, in milliseconds. */
const patience = 1_000;
/** How often a holder shows that it lives, to those who cannot see its process, in milliseconds. */
const pulse = 2_000;
const silence = 5 * pulse;

/** Holds the folder until `release` or the process' end. Refuses within 2 s where a living process has it. */
export async function holdFolder(folder: string): Promise<Held> {
  const place = join(folder, "holders");
  await mkdir(place, { recursive: true, mode: 0o700 });
  const until = performance.now() + patience;
  for (;;) {
    const own = nameOf(process.pid, crypto.randomUUID().slice(0, 8));
    await writeFile(join(place, own), "", { flag: "wx", mode: 0o600 });
    const other = readdirSync(place).find((name) => name !== own && lives(place, name));
    if (other === undefined) return keep(join(place, own));
    rmSync(join(place, own), { force: true });
    if (performance.now() > until) inUse(folder, other);
    await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 100));
  }
}

function keep(file: string): Held {
  const timer = setInterval(() => {
    const now = new Date();
    // Gone with its whole folder: then the database in it says so, louder.
    utimes(file, now, now).catch(() => undefined);
  }, pulse);
  timer.unref();
  return {
    async release() {
      clearInterval(timer);
      rmSync(file, { force: true });
    },
  };
}

function inUse(folder: string, name: string): never {
  return refuse(
    `Another Shipmate (pid ${name.split("_")[0]}) uses ${folder}. Stop it, or set SHIPMATE_HOME to another folder.`,
  );
}

function nameOf(pid: number, token: string): string {
  return [pid, startOf(pid) ?? "", boot(), namespace(), token].join("_");
}

/** Whether the process behind the name still runs; a dead one's file is taken away. */
function lives(place: string, name: string): boolean {
  const [pid, start, ofBoot, ofNamespace] = name.split("_");
  const living =
    ofBoot === boot() &&
    (ofNamespace === namespace() ? startOf(Number(pid)) === start : recently(join(place, name)));
  if (!living) rmSync(join(place, name), { force: true });
  return living;
}

/** Another container's process cannot be seen from here, but the pulse of its file can. */
function recently(file: string): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs < silence;
}

/** Linux names each boot; elsewhere a process' start tells enough. */
function boot(): string {
  if (process.platform !== "linux") return "";
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

/** `pid:[4026531836]`: what pids mean; the same in all processes of a container. */
function namespace(): string {
  if (process.platform !== "linux") return "";
  return readlinkSync("/proc/self/ns/pid").replace(/\D/g, "");
}
