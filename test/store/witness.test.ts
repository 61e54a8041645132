/** A witness of the audit beside the database: what a restore from an older backup can't hide. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { appendAudit, checkAudit, sealAudit, watchAudit } from "../../src/store/audit.ts";
import type { Database } from "../../src/store/database.ts";
import { openWitness } from "../../src/store/witness.ts";
import { empty, memoryDatabase } from "../databases.ts";

let database: Database;
let folder: string;
let file: string;
beforeAll(async () => {
  database = await memoryDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await empty(database);
  folder = await mkdtemp(join(tmpdir(), "shipmate-witness-"));
  file = join(folder, "audit-head.json");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function deeds(count: number) {
  for (let n = 0; n < count; n += 1)
    await appendAudit(database, { person: "ada", surface: "console", did: `deed ${n}` });
  return sealAudit(database);
}
const cut = async (after: number) => {
  await database.run(
    `DELETE FROM shipmate.audit WHERE id IN (SELECT audit FROM shipmate.audit_chain WHERE seq > ${after})`,
  );
  await database.run(`DELETE FROM shipmate.audit_chain WHERE seq > ${after}`);
};

test("what it saw is known to the next process, and agrees with a chain that has grown", async () => {
  const head = await deeds(3);
  const first = await openWitness(file, database);
  expect(first).toMatchObject({ known: undefined, agrees: true });
  await first.saw(head);
  await deeds(2);
  expect(await openWitness(file, database)).toMatchObject({ known: head, agrees: true });
});

test("a database that is older than what was seen is told from one that is not, also when it has grown again", async () => {
  const witness = await openWitness(file, database);
  await witness.saw(await deeds(5));
  await cut(3);
  const again = await openWitness(file, database);
  expect(again).toMatchObject({ agrees: false, noticed: false });
  await again.notice();
  expect(await openWitness(file, database)).toMatchObject({ agrees: false, noticed: true });
  expect(await checkAudit(database), "the chain by itself is whole").toMatchObject({ ok: true });
  const says = "The audit ends at row 3, and row 5 was seen before: an older backup was restored";
  expect(await watchAudit(database, again.known)()).toMatchObject({
    says: expect.stringContaining(says),
  });
  await again.saw(await deeds(4));
  expect(JSON.parse(await readFile(file, "utf8")), "the witness stays").toMatchObject({ count: 5 });
  expect((await openWitness(file, database)).agrees).toBe(false);
  expect(await checkAudit(database, again.known)).toMatchObject({
    says: expect.stringContaining("The audit was written anew"),
  });
});

test("a file that can't be read is no witness, and is written anew", async () => {
  await writeFile(file, "{");
  const head = await deeds(1);
  const witness = await openWitness(file, database);
  expect(witness).toMatchObject({ known: undefined, agrees: true });
  await witness.saw(head);
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual(head);
});
