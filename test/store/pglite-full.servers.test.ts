/** A full disk under the embedded database: nothing that was acknowledged is lost, and it goes on by itself. */
import fs, { readlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { first, LostConnection, Unavailable } from "../../src/store/database.ts";
import { openPglite } from "../../src/store/pglite.ts";
import { openFolder } from "../../src/store/pglite-folder.ts";
import { openSession } from "../../src/store/pglite-session.ts";
import { oneBy, sqlOver, transact } from "../../src/store/transaction.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "shipmate-full-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const Row = z.object({ n: z.number() });
const count = "SELECT count(*) AS n FROM t";

test("without room nothing is written, all can be read, what is under way may end, and with room it goes on", async () => {
  let room = true;
  const open = () => openFolder(join(home, "database"));
  const session = await openSession({ open, roomy: () => room });
  const sql = sqlOver(oneBy(session.send));
  await sql.run("CREATE TABLE t (n bigint)");
  await transact(session.send, async (inside) => {
    await inside.run("INSERT INTO t VALUES (1)");
    room = false;
    await inside.run("INSERT INTO t VALUES (2)");
  });
  expect(session.full()).toBe(true);
  await expect(sql.run("INSERT INTO t VALUES (3)")).rejects.toBeInstanceOf(Unavailable);
  const begun = transact(session.send, (inside) => inside.run("INSERT INTO t VALUES (3)"));
  await expect(begun).rejects.toBeInstanceOf(Unavailable);
  expect(await first(sql, Row, count)).toEqual({ n: 2 });
  room = true;
  expect(await sql.run("INSERT INTO t VALUES (3)")).toBe(1);
  await session.close("CHECKPOINT");
});

test("a log that could not be written stops it; the next one is opened in its place and has every acknowledged commit", async () => {
  const database = await openPglite({ folder: join(home, "database") });
  const write = fs.writeSync;
  let full = false;
  const failing = (fd: number, ...rest: never[]) => {
    if (full && readlinkSync(`/proc/self/fd/${fd}`).includes("pg_wal"))
      throw Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC", errno: -28 });
    return Reflect.apply(write, fs, [fd, ...rest]);
  };
  Object.assign(fs, { writeSync: failing });
  try {
    await database.run("CREATE TABLE t (n bigint)");
    for (let n = 0; n < 30; n += 1) await database.run("INSERT INTO t VALUES ($1)", [n]);
    full = true;
    const lost = database.run("INSERT INTO t VALUES ($1)", [30]);
    await expect(lost).rejects.toBeInstanceOf(LostConnection);
    full = false;
    const left = (await first(database, Row, count))?.n ?? 0;
    expect([30, 31], "the last one's outcome is unknown").toContain(left);
    expect(await database.run("INSERT INTO t VALUES ($1)", [31])).toBe(1);
    expect(await first(database, Row, count)).toEqual({ n: left + 1 });
  } finally {
    Object.assign(fs, { writeSync: write });
    await database.close();
  }
});
