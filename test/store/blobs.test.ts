import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { getBlob, putBlob } from "../../src/store/blobs.ts";
import type { Database } from "../../src/store/database.ts";
import { databases } from "../databases.ts";

describe.each(databases())("blobs on $kind", ({ open }) => {
  let database: Database;
  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database.close());

  test("are found by the SHA-256 of their bytes, and kept once", async () => {
    const body = new Uint8Array(300_000).map((_, n) => n % 256);
    const hash = createHash("sha256").update(body).digest("hex");
    expect(await putBlob(database, body)).toBe(hash);
    expect(await putBlob(database, body)).toBe(hash);
    expect(await getBlob(database, hash)).toEqual(body);
    expect(await getBlob(database, "0".repeat(64))).toBeUndefined();
  });

  test("that were altered are not handed out", async () => {
    const hash = await putBlob(database, new Uint8Array([1, 2, 3]));
    await database.run("UPDATE shipmate.blobs SET body = '\\x00' WHERE hash = $1", [hash]);
    await expect(getBlob(database, hash)).rejects.toThrow("was altered");
  });
});
