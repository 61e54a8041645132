/**
 * Makes the folder of an empty database, from the shipped file or, where that does not fit, with initdb.
 *
 * It is made beside its place, synced and renamed, so a crash leaves nothing half made.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { readEmptyDatabase, shipped } from "./empty-database.ts";
import { syncNames, syncTree } from "./sync-tree.ts";

/** What a crash left of earlier tries goes away; so does an empty folder in the database's place. */
export async function makeFolder(folder: string, from = shipped): Promise<void> {
  const parent = dirname(folder);
  const prefix = `${basename(folder)}.draft-`;
  await mkdir(parent, { recursive: true, mode: 0o700 });
  for (const name of await readdir(parent))
    if (name.startsWith(prefix)) await rm(join(parent, name), { recursive: true, force: true });
  const draft = join(parent, `${prefix}${process.pid}`);
  const empty = readEmptyDatabase(from);
  if (empty === undefined) await initdb(draft);
  else empty.unpack(draft);
  await syncTree(draft);
  await rm(folder, { recursive: true, force: true });
  await rename(draft, folder);
  await syncNames(parent);
}

/** Makes an empty database in `folder`, unsynced, in a child process, which gives the 0.7 GB back. Takes seconds. */
export async function initdb(folder: string): Promise<void> {
  const script = join(import.meta.dirname, "pglite-initdb.ts");
  const child = spawn(process.execPath, [script, folder], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = `${said}${text}`.slice(-2_000);
  });
  const [code, signal] = await once(child, "close");
  if (code !== 0)
    throw new Error(`making a database in ${folder} ended with ${code ?? signal}: ${said.trim()}`);
  await chmod(folder, 0o700);
}
