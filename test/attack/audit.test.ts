/** Hands that write to the audit's tables, seen by a Shipmate that runs meanwhile. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { appendAudit, heldText, pruneAudit, sealAudit, watchAudit } from "../../src/store/audit.ts";
import type { Database } from "../../src/store/database.ts";
import { empty, memoryDatabase } from "../databases.ts";

let database: Database;
beforeAll(async () => {
  database = await memoryDatabase();
});
afterAll(() => database.close());
beforeEach(() => empty(database));

const deed = (did: string) => appendAudit(database, { person: "ada", surface: "console", did });
const one = "SELECT id FROM shipmate.audit ORDER BY id OFFSET 1 LIMIT 1";

test.each([
  ["altered", [`UPDATE shipmate.audit SET person = 'grace' WHERE id = (${one})`]],
  ["moved in time", [`UPDATE shipmate.audit SET at = at - 1 WHERE id = (${one})`]],
  ["deleted", [`DELETE FROM shipmate.audit WHERE id = (${one})`]],
  ["its link deleted", [`DELETE FROM shipmate.audit_chain WHERE audit = (${one})`]],
  [
    "deleted with its link",
    [
      `DELETE FROM shipmate.audit_chain WHERE audit = (${one})`,
      `DELETE FROM shipmate.audit WHERE id = (${one})`,
    ],
  ],
  [
    "two exchanged",
    [
      `UPDATE shipmate.audit a SET did = b.did FROM shipmate.audit b
       WHERE a.did IN ('first', 'second') AND b.did IN ('first', 'second') AND a.id <> b.id`,
    ],
  ],
  [
    "put in by hand",
    ["INSERT INTO shipmate.audit (person, surface, did, detail) VALUES ('eve', 'x', 'y', '{}')"],
  ],
  [
    "the newest cut off with its link",
    [
      "DELETE FROM shipmate.audit_chain WHERE seq = 3",
      "DELETE FROM shipmate.audit WHERE did = 'third'",
    ],
  ],
  ["everything gone", ["DELETE FROM shipmate.audit_chain", "DELETE FROM shipmate.audit"]],
])("a row of the audit is %s, and the check says so", async (_, statements) => {
  const check = watchAudit(database);
  for (const did of ["first", "second", "third"]) await deed(did);
  await sealAudit(database);
  expect(await check()).toMatchObject({ ok: true, head: { count: 3 } });
  for (const statement of statements) await database.run(statement, []);
  expect(await check()).toMatchObject({ ok: false });
  expect(await check()).toMatchObject({ ok: false });
});

test("a chain that was made anew as a whole is found by the head that was seen before", async () => {
  const check = watchAudit(database);
  for (const did of ["first", "second"]) await deed(did);
  await sealAudit(database);
  await check();
  await database.run("UPDATE shipmate.audit SET person = 'grace'", []);
  await database.run("DELETE FROM shipmate.audit_chain", []);
  await database.run("INSERT INTO shipmate.audit_unsealed SELECT id FROM shipmate.audit", []);
  await sealAudit(database);
  expect(await check()).toMatchObject({ ok: false });
});

describe("with a long chain", () => {
  let walked = 0;
  let now = 0;
  /** Counts the rows that a check reads. */
  const counting = (): Database => ({
    ...database,
    async query(row, text, values) {
      const rows = await database.query(row, text, values);
      if (text.includes("audit_chain c LEFT JOIN")) walked += rows.length;
      return rows;
    },
  });
  const check40 = async () => {
    for (let n = 0; n < 40; n += 1) await deed(`deed ${n}`);
    await sealAudit(database);
    const check = watchAudit(counting(), undefined, { stretch: 5, clock: () => now });
    expect(await check()).toMatchObject({ ok: true });
    walked = 0;
    return check;
  };
  const idOf = (did: string) => `(SELECT id FROM shipmate.audit WHERE did = '${did}')`;

  test("a later check walks the newest rows and one older stretch by turns, and says what it left out", async () => {
    const check = await check40();
    now += 60_000;
    const first = await check();
    expect(walked).toBeLessThanOrEqual(15);
    expect(first).toMatchObject({ ok: true, head: { count: 40 }, before: { rows: 40 - walked } });
    for (let n = 0; n < 6; n += 1) await check();
    expect(await check(), "a minute later all came by").toMatchObject({ before: { ago: 0 } });
    now += 1_000;
    expect(await check()).toMatchObject({ before: { ago: 1_000 } });
  });

  test.each(["deed 0", "deed 12", "deed 27", "deed 39"])(
    "%s that somebody altered is found before all came by, and stays found",
    async (did) => {
      const check = await check40();
      await database.run(`UPDATE shipmate.audit SET person = 'eve' WHERE id = ${idOf(did)}`);
      let checks = 0;
      while (checks < 8 && (await check()).ok) checks += 1;
      expect(checks).toBeLessThan(8);
      expect(await check()).toMatchObject({ ok: false });
    },
  );

  test("a chain that was made anew from an old row on is found at once", async () => {
    const check = await check40();
    await database.run(`UPDATE shipmate.audit SET person = 'eve' WHERE id = ${idOf("deed 7")}`);
    await database.run("DELETE FROM shipmate.audit_chain WHERE seq > 7");
    await database.run(
      `INSERT INTO shipmate.audit_unsealed SELECT id FROM shipmate.audit WHERE id >= ${idOf("deed 7")}`,
    );
    await sealAudit(database);
    expect(await check()).toMatchObject({ ok: false });
  });

  test("pruning takes what is kept along, and what follows is still walked", async () => {
    const check = await check40();
    expect(await pruneAudit(database, -1, 12)).toBe(12);
    await sealAudit(database);
    for (let n = 0; n < 10; n += 1)
      expect(await check()).toMatchObject({ ok: true, head: { count: 41 }, pruned: 12 });
    await database.run(`UPDATE shipmate.audit SET person = 'eve' WHERE id = ${idOf("deed 14")}`);
    let checks = 0;
    while (checks < 8 && (await check()).ok) checks += 1;
    expect(checks).toBeLessThan(8);
  });

  test("what was left out and when that came by last is said, and so is what was pruned", () => {
    const head = { count: 40, hash: "" };
    expect(heldText({ ok: true, head })).toBe("All 40 rows are as they were written.");
    expect(heldText({ ok: true, head, pruned: 12 })).toBe(
      "All 28 rows are as they were written. The 12 before them were pruned.",
    );
    expect(heldText({ ok: true, head, before: { rows: 25, ago: 90_000 } })).toBe(
      "15 rows, the newest among them, are as they were written. The other 25 were so 2 minutes ago; npm run doctor looks at all of them.",
    );
  });
});
