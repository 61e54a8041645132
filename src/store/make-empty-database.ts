/** `npm run empty-database`: makes the shipped empty database anew, with the PGlite that is installed. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packEmptyDatabase, shipped } from "./empty-database.ts";
import { initdb } from "./make-folder.ts";

const place = await mkdtemp(join(tmpdir(), "shipmate-empty-"));
try {
  const folder = join(place, "database");
  await initdb(folder);
  const file = packEmptyDatabase(folder);
  await writeFile(shipped, file);
  process.stdout.write(`${shipped}: ${(file.length / 1e6).toFixed(1)} MB\n`);
} finally {
  await rm(place, { recursive: true, force: true });
}
