/** Who holds a target and who waits for one. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../../src/store/database.ts";
import { awaitTurn, takeLocks, toTake } from "../../src/store/locks.ts";
import { databases, empty } from "../databases.ts";

const first = { run: "first", step: "ship" };
const second = { run: "second", step: "ship" };
const targets = ["production/web"];

describe.each(databases())("the line for a target on $kind", ({ open }) => {
  let database: Database;
  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database.close());
  beforeEach(() => empty(database));
  const turn = (who: typeof first) =>
    database.transaction(async (sql) => {
      await toTake(sql, targets);
      return awaitTurn(sql, who, targets);
    });
  const take = (who: typeof first) =>
    database.transaction(async (sql) => {
      await toTake(sql, targets);
      return takeLocks(sql, who, targets);
    });

  test("is no line for whoever holds it already, whoever came since", async () => {
    expect(await take(first)).toBe(true);
    expect(await turn(second)).toMatchObject({ free: false, before: [{ run: "first" }] });
    // Its driver died before it began, and the next one asks again.
    expect(await turn(first)).toEqual({ free: true });
    expect(await take(first)).toBe(true);
    expect(await turn(second)).toMatchObject({ free: false });
  });

  test("is in the order in which it was asked for", async () => {
    await take({ run: "holder", step: "ship" });
    expect(await turn(first)).toMatchObject({ before: [{ run: "holder" }] });
    expect(await turn(second)).toMatchObject({ before: [{ run: "first" }, { run: "holder" }] });
    await database.run("DELETE FROM shipmate.locks WHERE run = 'holder'");
    expect(await turn(second)).toMatchObject({ before: [{ run: "first" }] });
    expect(await turn(first)).toEqual({ free: true });
  });
});
