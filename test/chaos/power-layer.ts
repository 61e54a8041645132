/**
 * Loaded before a Shipmate (`node --import`): keeps beside the embedded database's folder a copy that has only what was
 * synced, as a disk would have it after a power cut. Names (new, renamed, removed) count at once, as on a journaled file
 * system; bytes count when their file is synced.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { dirname, join, relative } from "node:path";

type Change = { readonly at: number; readonly bytes: Buffer } | { readonly size: number };

const folder = process.env["POWER_FOLDER"] ?? "";
const disk = process.env["POWER_DISK"] ?? "";
const real = { ...fs };
const files = new Map<number, string>();
const waiting = new Map<string, Change[]>();
let copied = false;

const inside = (path: unknown): path is string =>
  typeof path === "string" && path.startsWith(`${folder}/`);
const onDisk = (path: string) => join(disk, relative(folder, path));
const changed = (fd: number, change: Change) => {
  const path = files.get(fd);
  if (path === undefined) return;
  const changes = waiting.get(path) ?? [];
  changes.push(change);
  waiting.set(path, changes);
};
const synced = (fd: number) => {
  const path = files.get(fd);
  const changes = path === undefined ? undefined : waiting.get(path);
  if (path === undefined) return;
  real.appendFileSync(`${disk}.syncs`, ".");
  if (changes === undefined) return;
  waiting.delete(path);
  const target = onDisk(path);
  real.mkdirSync(dirname(target), { recursive: true });
  const copy = real.openSync(target, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
  for (const change of changes) {
    if ("size" in change) real.ftruncateSync(copy, change.size);
    else real.writeSync(copy, change.bytes, 0, change.bytes.length, change.at);
  }
  real.closeSync(copy);
};

const patched = {
  openSync(path: string, flags: number, mode?: number) {
    const fd = real.openSync(path, flags, mode);
    if (!inside(path)) return fd;
    if (!copied) real.cpSync(folder, disk, { recursive: true });
    copied = true;
    files.set(fd, path);
    if (!real.existsSync(onDisk(path))) real.writeFileSync(onDisk(path), "", { mode: 0o600 });
    if (typeof flags === "number" && flags & fs.constants.O_TRUNC) changed(fd, { size: 0 });
    return fd;
  },
  closeSync(fd: number) {
    files.delete(fd);
    real.closeSync(fd);
  },
  writeSync(fd: number, bytes: Uint8Array, ...rest: [number?, number?, number?]) {
    const wrote: number = Reflect.apply(real.writeSync, fs, [fd, bytes, ...rest]);
    const [offset = 0, , at = 0] = rest;
    if (files.has(fd))
      changed(fd, { at, bytes: Buffer.from(bytes.subarray(offset, offset + wrote)) });
    return wrote;
  },
  ftruncateSync(fd: number, size = 0) {
    real.ftruncateSync(fd, size);
    changed(fd, { size });
  },
  fdatasyncSync(fd: number) {
    real.fdatasyncSync(fd);
    synced(fd);
  },
  renameSync(from: string, to: string) {
    real.renameSync(from, to);
    if (!inside(from)) return;
    const changes = waiting.get(from);
    waiting.delete(from);
    waiting.delete(to);
    if (changes) waiting.set(to, changes);
    if (real.existsSync(onDisk(from))) real.renameSync(onDisk(from), onDisk(to));
    else real.writeFileSync(onDisk(to), "");
  },
  unlinkSync(path: string) {
    real.unlinkSync(path);
    if (!inside(path)) return;
    waiting.delete(path);
    real.rmSync(onDisk(path), { force: true });
  },
  mkdirSync(path: string, mode?: fs.MakeDirectoryOptions) {
    const made = real.mkdirSync(path, mode);
    if (inside(path) && copied) real.mkdirSync(onDisk(path), { recursive: true });
    return made;
  },
  rmdirSync(path: string) {
    real.rmdirSync(path);
    if (inside(path)) real.rmSync(onDisk(path), { force: true, recursive: true });
  },
};
if (folder !== "") {
  Object.assign(fs, patched);
  syncBuiltinESMExports();
}
