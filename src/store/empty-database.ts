/**
 * An empty database as one file, so that a first start need not run initdb: that takes seconds and 0.7 GB.
 *
 * - Brotli over a line of JSON (which PGlite made it, its folders, its files with their sizes) and then the
 *   files' bytes, one after the other. `npm run empty-database` makes it; what is in it is the same on
 *   every machine, for PostgreSQL inside of wasm has one architecture, one locale and one time zone.
 * - All databases made from one file share PostgreSQL's system identifier. It only guards replication and
 *   foreign logs, and PGlite has neither; everything else about two of them is their own.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, posix, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, brotliDecompressSync, constants, crc32 } from "node:zlib";
import { z } from "zod";

/** Where the one for the PGlite of package.json lies. */
export const shipped = join(import.meta.dirname, "empty-database.br");

export interface EmptyDatabase {
  /** Writes it into `folder`, which must not be there yet; nothing is synced. Takes 0.2 s, without a pause. */
  unpack(folder: string): void;
}

/** Undefined where the file is missing, damaged, or was made by another PGlite than the one installed. */
export function readEmptyDatabase(file: string): EmptyDatabase | undefined {
  let contents: z.infer<typeof Contents>;
  let bytes: Buffer;
  try {
    const all = brotliDecompressSync(readFileSync(file));
    const end = all.indexOf("\n");
    contents = Contents.parse(JSON.parse(all.toString("utf8", 0, end)));
    bytes = all.subarray(end + 1);
  } catch {
    return undefined;
  }
  if (contents.pglite !== installedPglite() || contents.crc32 !== crc32(bytes)) return undefined;
  return {
    unpack(folder) {
      for (const name of ["", ...contents.folders]) mkdirSync(join(folder, name), { mode: 0o700 });
      let at = 0;
      for (const [name, size] of contents.files) {
        writeFileSync(join(folder, name), bytes.subarray(at, at + size), { mode: 0o600 });
        at += size;
      }
    },
  };
}

/**
 * The file for a closed database in `folder`. Takes half a minute. Files of one name stand together: three
 * databases hold nearly the same ones.
 */
export function packEmptyDatabase(folder: string, pglite = installedPglite()): Buffer {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll(sep, "/"))
    .sort((a, b) => order(posix.basename(a), posix.basename(b)) || order(a, b));
  const isFolder = (name: string) => statSync(join(folder, name)).isDirectory();
  const files = names
    .filter((name) => !isFolder(name))
    .map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));
  const bytes = Buffer.concat(files.map((file) => file.bytes));
  const contents: z.infer<typeof Contents> = {
    pglite,
    crc32: crc32(bytes),
    folders: names.filter(isFolder).sort(order),
    files: files.map((file) => [file.name, file.bytes.length]),
  };
  return brotliCompressSync(Buffer.concat([Buffer.from(`${JSON.stringify(contents)}\n`), bytes]), {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    },
  });
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `folders` stand before those inside of them. */
const Contents = z.object({
  pglite: z.string(),
  crc32: z.number(),
  folders: z.array(z.string()),
  files: z.array(z.tuple([z.string(), z.int().nonnegative()])),
});

/** `0.5.16`. */
function installedPglite(): string {
  const main = fileURLToPath(import.meta.resolve("@electric-sql/pglite"));
  const text = readFileSync(join(dirname(main), "../package.json"), "utf8");
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
