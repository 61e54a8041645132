/**
 * PGlite in a folder: synced to the disk, small in memory.
 *
 * PGlite never calls fsync by itself. Its NODEFS has an undocumented hook for it: `stream_ops.fsync`.
 * `syncs` counts what goes through it, and opening throws where one commit leads to none.
 */
import { existsSync, fdatasyncSync } from "node:fs";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { NodeFS } from "@electric-sql/pglite/nodefs";
import { makeFolder } from "./make-folder.ts";

/** Opens the database in `folder` and makes it where there is none. */
export async function openFolder(folder: string): Promise<PGlite> {
  if (!existsSync(join(folder, "PG_VERSION"))) await makeFolder(folder);
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
  ...[
    ...["fsync=on", "wal_sync_method=fsync", "shared_buffers=16MB", "min_wal_size=16MB"],
    // Else a statement may be planned anew each time, as on PostgreSQL.
    "plan_cache_mode=force_generic_plan",
  ].flatMap((setting) => ["-c", setting]),
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
