/** Brings a folder and all in it to the disk. */
import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";

/** How many files are open at a time. */
const lanes = 16;

/** Syncs every file and every folder's names, down from `folder`; once it is renamed, see `syncNames`. */
export async function syncTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const left = entries.values();
  const lane = async () => {
    for (const entry of left) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) await sync(await open(path, "r+"));
      else if (entry.isDirectory()) await syncNames(path);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  await syncNames(folder);
}

/** A new or renamed file is on the disk once its folder's names are. Windows has no such thing. */
export async function syncNames(folder: string): Promise<void> {
  if (process.platform !== "win32") await sync(await open(folder, "r"));
}

async function sync(file: FileHandle): Promise<void> {
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
