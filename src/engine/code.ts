/** What the code of this process is, so that processes of an upgrade can tell each other apart. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A hash of all TypeScript below these folders, by name and content. */
export async function codeOf(folders: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const folder of folders) {
    const files = await readdir(folder, { recursive: true });
    for (const file of files.filter((name) => name.endsWith(".ts")).sort())
      hash.update(`${file}\n`).update(await readFile(join(folder, file)));
  }
  return hash.digest("hex").slice(0, 16);
}
