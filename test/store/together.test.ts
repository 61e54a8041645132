/** What is written for many runs in one statement holds for each as if it were alone. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { appendAudit } from "../../src/store/audit.ts";
import { type Claim, claimRuns } from "../../src/store/claims.ts";
import { type Database, Fenced, LostConnection, type Sql } from "../../src/store/database.ts";
import { listEntries, putEntries } from "../../src/store/journal.ts";
import { endRun, fence, findRun, insertRun } from "../../src/store/runs.ts";
import { together } from "../../src/store/together.ts";
import { databases, empty } from "../databases.ts";

describe.each(databases())("on $kind", ({ open }) => {
  let database: Database;
  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database.close());
  beforeEach(() => empty(database));

  const claimed = async (count: number): Promise<readonly Claim[]> => {
    for (let at = 0; at < count; at++) {
      const made = { workflow: "deploy", hash: "h", input: {}, title: "Deploy", by: "ada" };
      await insertRun(database, { id: `run ${at}`, ...made });
    }
    const claims = await claimRuns(database, count);
    return claims.toSorted((a, b) => a.number - b.number);
  };
  const deed = (run: string) => ({ person: "ada", surface: "engine", did: "carried out", run });
  const put = (run: Claim) => ({
    ...{ run, entries: [{ key: "saw", value: run.number }], audit: [deed(run.id)] },
  });
  const told = async () =>
    (
      await database.query(
        z.object({ run: z.string() }),
        "SELECT run FROM shipmate.audit ORDER BY run",
      )
    ).map(({ run }) => run);

  test("each gets its own entries, and whose claim is stale is kept back alone", async () => {
    const runs = await claimed(3);
    const [one, two, three] = runs as [Claim, Claim, Claim];
    const store = together(database);
    const stale = { ...put(two), run: { ...two, epoch: two.epoch - 1 } };
    const [first, second, third] = await Promise.allSettled([
      store.put(put(one)),
      store.put(stale),
      store.put(put(three)),
    ]);
    expect(first).toMatchObject({ value: { rev: one.rev + 1 } });
    expect(second).toMatchObject({ reason: expect.any(Fenced) });
    expect(third).toMatchObject({ value: { rev: three.rev + 1 } });
    expect(await listEntries(database, one.id)).toMatchObject([{ key: "saw", value: one.number }]);
    expect(await listEntries(database, two.id)).toEqual([]);
    expect(await told()).toEqual([one.id, three.id]);
  });

  test("what branches of one run put at the same time is all there", async () => {
    const [run] = (await claimed(1)) as [Claim];
    const store = together(database);
    const keys = ["a", "b", "c"];
    await Promise.all(keys.map((key) => store.put({ run, entries: [{ key, value: 1 }] })));
    expect((await listEntries(database, run.id)).map(({ key }) => key).toSorted()).toEqual(keys);
  });

  test("what may have been written before the connection was lost is not written again", async () => {
    const runs = await claimed(2);
    let asked = 0;
    const torn: Database = {
      ...database,
      async query(row, text, values) {
        asked++;
        await database.query(row, text, values);
        throw new LostConnection(text);
      },
    };
    const store = together(torn);
    const put2 = await Promise.allSettled(runs.map((run) => store.put(put(run))));
    expect(put2.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(asked).toBe(1);
    expect(await told()).toEqual(runs.map(({ id }) => id));
  });

  test("who lost its claim neither passes the fence nor ends the run", async () => {
    const [run] = (await claimed(1)) as [Claim];
    const stale = { ...run, epoch: run.epoch - 1 };
    const by = { id: "ada", name: "run 1" };
    const last = { entries: [], audit: [deed(run.id)], by };
    const end = { state: "succeeded", says: "", output: null, buttons: [], ...last };
    await expect(fence(database, stale)).rejects.toThrow(Fenced);
    await expect(endRun(database, stale, end)).rejects.toThrow(Fenced);
    expect(await findRun(database, run.id)).toMatchObject({ state: "planning", rev: run.rev });
    expect(await told()).toEqual([]);
  });

  test("of what goes out behind a stale claim nothing stays, also where nobody waits for the fence", async () => {
    const [run] = (await claimed(1)) as [Claim];
    const stale = { ...run, epoch: run.epoch - 1 };
    const by = { id: "ada", name: "run 1" };
    const end = {
      state: "succeeded",
      says: "",
      output: null,
      buttons: [],
      entries: [],
      audit: [],
      by,
    };
    const fences = [
      (sql: Sql) => fence(sql, stale),
      (sql: Sql) => fence(sql, stale, true),
      (sql: Sql) => putEntries(sql, { run: stale, entries: [] }),
      (sql: Sql) => endRun(sql, stale, end),
    ];
    for (const passing of fences) {
      const all = database.transaction(async (sql, last) => {
        last();
        await Promise.all([
          appendAudit(sql, deed("before")),
          passing(sql),
          appendAudit(sql, deed("behind")),
        ]);
      });
      await expect(all).rejects.toThrow(Fenced);
      expect(await told()).toEqual([]);
    }
  });

  test("runs that rest at the same time are each due as they said, and who lost its claim changes nothing", async () => {
    const [one, two, three] = (await claimed(3)) as [Claim, Claim, Claim];
    const store = together(database);
    const rest = (run: Claim, state: string) => ({ run, wake: undefined, state, waits: [] });
    await Promise.all([
      store.park(rest(one, "waiting")),
      store.park(rest({ ...two, epoch: two.epoch - 1 }, "waiting")),
      store.park(rest(three, "queued")),
    ]);
    expect(await findRun(database, one.id)).toMatchObject({
      state: "waiting",
      epoch: one.epoch + 1,
    });
    expect(await findRun(database, two.id)).toMatchObject({ state: "planning", epoch: two.epoch });
    expect(await findRun(database, three.id)).toMatchObject({ state: "queued" });
  });
});
