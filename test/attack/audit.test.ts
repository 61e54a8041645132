/** Hands that write to the audit's tables, seen by a Shipmate that runs meanwhile. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { appendAudit, sealAudit, watchAudit } from "../../src/store/audit.ts";
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
