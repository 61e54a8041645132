import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { appendAudit, checkAudit, sealAudit, startSealer } from "../../src/store/audit.ts";
import type { Database } from "../../src/store/database.ts";
import { databases, empty } from "../databases.ts";

describe.each(databases())("the audit on $kind", ({ open }) => {
  let database: Database;
  const append = (did = "approved") =>
    appendAudit(database, {
      person: "ana",
      surface: "slack",
      did,
      run: "r1",
      digest: "ab12",
      detail: { why: "Zürich 😀", n: [1, 0.1, 1e21] },
    });
  const rows = async (many: number) => {
    for (let n = 0; n < many; n += 1) await append();
  };

  beforeAll(async () => {
    database = await open();
  });
  beforeEach(() => empty(database));
  afterAll(() => database.close());

  test("is unbroken after it was sealed, in several rounds", async () => {
    expect(await checkAudit(database)).toEqual({ ok: true, head: { count: 0, hash: "" } });
    await rows(3);
    const three = await sealAudit(database);
    expect(three.count).toBe(3);
    expect(await sealAudit(database)).toEqual(three);
    await rows(2);
    const five = await sealAudit(database);
    expect(await checkAudit(database)).toEqual({ ok: true, head: five });
    expect(await checkAudit(database, three)).toEqual({ ok: true, head: five });
  });

  test("is unbroken while rows still wait for the sealer", async () => {
    await rows(1);
    expect(await checkAudit(database)).toMatchObject({ ok: true, head: { count: 0 } });
  });

  test("seals more rows than one round takes, and checks more than one page", async () => {
    await database.run(`
      WITH row AS (INSERT INTO shipmate.audit (person, surface, did)
        SELECT 'ana', 'slack', 'did ' || n FROM generate_series(1, 2300) n RETURNING id)
      INSERT INTO shipmate.audit_unsealed SELECT id FROM row`);
    expect(await sealAudit(database)).toMatchObject({ count: 2300 });
    expect(await checkAudit(database)).toMatchObject({ ok: true, head: { count: 2300 } });
  });

  test.each([
    ["who did it", "person = 'eve'"],
    ["what was done", "did = 'rejected'"],
    ["when", "at = at + 1"],
    ["a detail", `detail = detail || '{"why":"else"}'`],
    ["what was nothing", "digest = NULL"],
  ])("names the row in which somebody altered %s", async (_name, set) => {
    await rows(4);
    await sealAudit(database);
    await database.run(`UPDATE shipmate.audit SET ${set} WHERE id = 3`);
    expect(await checkAudit(database)).toEqual({
      ok: false,
      says: "Audit row 3 was altered after it was written.",
    });
  });

  test("finds that somebody altered a row and made its own link anew", async () => {
    await rows(3);
    await sealAudit(database);
    const third = "FROM shipmate.audit_chain WHERE seq = 3";
    await database.run(`CREATE TABLE kept AS SELECT * ${third}`);
    await database.run("DELETE FROM shipmate.audit_chain WHERE seq > 1");
    await database.run("UPDATE shipmate.audit SET did = 'rejected' WHERE id = 2");
    await database.run("INSERT INTO shipmate.audit_unsealed VALUES (2)");
    await sealAudit(database);
    await database.run("INSERT INTO shipmate.audit_chain SELECT * FROM kept; DROP TABLE kept");
    expect(await checkAudit(database)).toEqual({
      ok: false,
      says: "Audit row 3 was altered after it was written.",
    });
  });

  test("names the row that somebody removed, be it sealed or not", async () => {
    await rows(4);
    await sealAudit(database);
    await database.run("DELETE FROM shipmate.audit WHERE id = 2");
    expect(await checkAudit(database)).toEqual({
      ok: false,
      says: "Audit row 2 was removed after it was written.",
    });
    await empty(database);
    await rows(2);
    await database.run("DELETE FROM shipmate.audit WHERE id = 1");
    await sealAudit(database);
    expect(await checkAudit(database)).toMatchObject({
      says: "Audit row 1 was removed after it was written.",
    });
  });

  test("names the link that somebody removed together with its row", async () => {
    await rows(4);
    await sealAudit(database);
    await database.run("DELETE FROM shipmate.audit WHERE id = 2");
    await database.run("DELETE FROM shipmate.audit_chain WHERE audit = 2");
    expect(await checkAudit(database)).toEqual({
      ok: false,
      says: "Link 2 of the audit's chain was removed.",
    });
  });

  test("names the row that somebody put in by hand", async () => {
    await rows(2);
    await sealAudit(database);
    await database.run(
      "INSERT INTO shipmate.audit (person, surface, did) VALUES ('eve', 'slack', 'approved')",
    );
    await sealAudit(database);
    expect(await checkAudit(database)).toEqual({
      ok: false,
      says: "Audit row 3 has no link in the chain: it was put in by hand, or its link was removed.",
    });
  });

  test("finds a tail that was cut off and a chain that was made anew, by a head noted before", async () => {
    await rows(4);
    const known = await sealAudit(database);
    await database.run("DELETE FROM shipmate.audit WHERE id > 2");
    await database.run("DELETE FROM shipmate.audit_chain WHERE audit > 2");
    expect(await checkAudit(database)).toMatchObject({ ok: true });
    expect(await checkAudit(database, known)).toEqual({
      ok: false,
      says: expect.stringMatching(
        /^The audit ends at row \d+, and row \d+ was seen before: an older backup was restored, or its last rows were removed\.$/,
      ),
    });
    await append("something else");
    await append("something else again");
    await sealAudit(database);
    expect(await checkAudit(database)).toMatchObject({ ok: true });
    expect(await checkAudit(database, known)).toEqual({
      ok: false,
      says: "The audit was written anew: row 6 is not the one that was known.",
    });
  });

  test("links a row with a lower id that was committed late", async () => {
    await rows(1);
    await database.run("SELECT setval('shipmate.audit_id_seq', 10)");
    await rows(1);
    expect(await sealAudit(database)).toMatchObject({ count: 2 });
    await database.run(`
      INSERT INTO shipmate.audit (id, person, surface, did)
        OVERRIDING SYSTEM VALUE VALUES (5, 'ana', 'slack', 'late');
      INSERT INTO shipmate.audit_unsealed VALUES (5)`);
    expect(await sealAudit(database)).toMatchObject({ count: 3 });
    expect(await checkAudit(database)).toMatchObject({ ok: true, head: { count: 3 } });
    const chain = await database.query(
      z.object({ audit: z.number() }),
      "SELECT audit FROM shipmate.audit_chain ORDER BY seq",
    );
    expect(chain.map(({ audit }) => audit)).toEqual([1, 11, 5]);
  });

  test("loses no row when acts are appended and sealed side by side", async () => {
    const act = (n: number) =>
      database.transaction(async (sql) => {
        await appendAudit(sql, { person: "ana", surface: "slack", did: `did ${n}` });
        if (n % 5 === 0) throw new Error("taken back");
      });
    const acts = Array.from({ length: 60 }, (_, n) => act(n).catch(() => undefined));
    const seals = Array.from({ length: 8 }, () => sealAudit(database));
    await Promise.all([...acts, ...seals]);
    expect(await sealAudit(database)).toMatchObject({ count: 48 });
    expect(await checkAudit(database)).toMatchObject({ ok: true, head: { count: 48 } });
  });

  test("is sealed by a timer, and once more when that is closed", async () => {
    const failures: unknown[] = [];
    const sealer = startSealer(database, 20, (error) => failures.push(error));
    await append();
    await expect.poll(() => checkAudit(database)).toMatchObject({ head: { count: 1 } });
    await append();
    await sealer.close();
    expect(await checkAudit(database)).toMatchObject({ ok: true, head: { count: 2 } });
    expect(failures).toEqual([]);
  });
});
