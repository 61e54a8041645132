/**
 * PGlite in a folder: made by a child process, synced to the disk, small in memory.
 *
 * - A folder that does not exist yet is made beside it and renamed, so a crash leaves nothing half made.
 *   Making one takes 0.7 GB for a second, which a child process gives back.
 * - PGlite never calls fsync by itself. Its NODEFS has an undocumented hook for it: `stream_ops.fsync`.
 *   `syncs` counts what goes through it, and opening throws where one commit leads to none.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, fdatasyncSync, fsyncSync, openSync } from "node:fs";
import { chmod, mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { NodeFS } from "@electric-sql/pglite/nodefs";

/** Opens the database in `folder` and makes it where there is none. */
export async function openFolder(folder: string): Promise<PGlite> {
  if (!existsSync(join(folder, "PG_VERSION"))) await make(folder);
  const disk = new SyncedFolder(folder);
  const pglite = await PGlite.create({ fs: disk, startParams });
  const before = disk.syncs;
  await pglite.exec("SELECT pg_logical_emit_message(true, 'shipmate', 'is a commit synced')");
  if (disk.syncs > before) return pglite;
  await pglite.close();
  throw new Error(
    "PGlite does not sync its commits to the disk: is it another version than 0.5.16?",
  );
}

/** PGlite's own without `-F`, which turns fsync off. Of the ways to sync only `fsync` reaches the hook. */
const startParams = [
  ...PGlite.defaultStartParams.filter((param) => param !== "-F"),
  ...["fsync=on", "wal_sync_method=fsync", "shared_buffers=16MB", "min_wal_size=16MB"].flatMap(
    (setting) => ["-c", setting],
  ),
];

class SyncedFolder extends NodeFS {
  syncs = 0;
  override async init(...[pglite, options]: Parameters<NodeFS["init"]>) {
    const { emscriptenOpts } = await super.init(pglite, options);
    const hook = (module: object) => {
      if (!("NODEFS" in module)) throw new Error("PGlite has no NODEFS any more");
      Object.assign((module.NODEFS as { stream_ops: object }).stream_ops, { fsync: this.#sync });
    };
    return {
      emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), hook] },
    };
  }
  /** 0, or WASI's number of EIO: PostgreSQL then stops rather than promise what is not on the disk. */
  readonly #sync = ({ nfd }: { nfd: number }): number => {
    try {
      fdatasyncSync(nfd);
      this.syncs += 1;
      return 0;
    } catch {
      return 29;
    }
  };
}

async function make(folder: string): Promise<void> {
  const parent = dirname(folder);
  const prefix = `${basename(folder)}.draft-`;
  await mkdir(parent, { recursive: true, mode: 0o700 });
  for (const name of await readdir(parent))
    if (name.startsWith(prefix)) await rm(join(parent, name), { recursive: true, force: true });
  const draft = join(parent, `${prefix}${process.pid}`);
  await initdb(draft);
  await chmod(draft, 0o700);
  // An empty folder may stand there already.
  await rm(folder, { recursive: true, force: true });
  await rename(draft, folder);
  syncNames(parent);
}

async function initdb(draft: string): Promise<void> {
  const script = join(import.meta.dirname, "pglite-initdb.ts");
  const child = spawn(process.execPath, [script, draft], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = `${said}${text}`.slice(-2_000);
  });
  const [code, signal] = await once(child, "close");
  if (code !== 0)
    throw new Error(`making a database in ${draft} ended with ${code ?? signal}: ${said.trim()}`);
}

/** A rename is on the disk once its folder is synced. Windows has no such thing. */
function syncNames(folder: string): void {
  if (process.platform === "win32") return;
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
