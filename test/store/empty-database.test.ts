import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, brotliDecompressSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { packEmptyDatabase, readEmptyDatabase, shipped } from "../../src/store/empty-database.ts";

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "shipmate-empty-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** A small folder with an empty folder, an empty file and bytes that are no text, packed into a file. */
async function packed(pglite?: string): Promise<string> {
  const folder = join(home, "folder");
  await mkdir(join(folder, "a/b/empty"), { recursive: true });
  await writeFile(join(folder, "a/b/bytes"), Buffer.from([0, 10, 13, 255, 10]));
  await writeFile(join(folder, "a/text"), "{}\n");
  await writeFile(join(folder, "nothing"), "");
  const file = join(home, "packed.br");
  await writeFile(file, packEmptyDatabase(folder, pglite));
  return file;
}

test("ships the one that belongs to the installed PGlite, readable by its owner alone", async () => {
  const folder = join(home, "database");
  const empty = readEmptyDatabase(shipped);
  expect(empty, "npm run empty-database makes it for a new PGlite").toBeDefined();
  empty?.unpack(folder);
  expect(await readFile(join(folder, "PG_VERSION"), "utf8")).toMatch(/^\d+\n$/);
  const names = await readdir(folder, { recursive: true });
  expect(names).toContain(join("pg_wal", "archive_status"));
  const log = names.filter((name) => /pg_wal.[0-9A-F]{24}$/.test(name));
  expect((await stat(join(folder, log[0] ?? ""))).size).toBe(2 ** 20);
  const open = [folder, ...names.map((name) => join(folder, name))].map(
    async (path) => (await stat(path)).mode & 0o077,
  );
  expect(new Set(await Promise.all(open))).toEqual(new Set([0]));
});

test("unpacks every folder and byte that was packed", async () => {
  const to = join(home, "to");
  readEmptyDatabase(await packed())?.unpack(to);
  expect((await readdir(to, { recursive: true })).sort()).toEqual(
    ["a", "a/b", "a/b/bytes", "a/b/empty", "a/text", "nothing"].map((name) => join(name)),
  );
  expect([...(await readFile(join(to, "a/b/bytes")))]).toEqual([0, 10, 13, 255, 10]);
  expect(await readFile(join(to, "a/text"), "utf8")).toBe("{}\n");
  expect(await readFile(join(to, "nothing"), "utf8")).toBe("");
});

test("has none for another PGlite, none in a damaged file, and none where there is no file", async () => {
  expect(readEmptyDatabase(await packed())).toBeDefined();
  expect(readEmptyDatabase(await packed("0.0.1"))).toBeUndefined();
  expect(readEmptyDatabase(join(home, "absent.br"))).toBeUndefined();
  const whole = await readFile(await packed());
  for (const damaged of [whole.subarray(0, -3), Buffer.from("no brotli"), Buffer.alloc(0)]) {
    await writeFile(join(home, "damaged.br"), damaged);
    expect(readEmptyDatabase(join(home, "damaged.br"))).toBeUndefined();
  }
});

test("has none in a file whose bytes are not the ones that were packed", async () => {
  const bytes = brotliDecompressSync(await readFile(await packed()));
  bytes.writeUInt8(1, bytes.length - 1);
  const file = join(home, "changed.br");
  await writeFile(file, brotliCompressSync(bytes));
  expect(readEmptyDatabase(file)).toBeUndefined();
});
