/** Who holds a target and who waits for one. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../../src/store/database.ts";
import {
  awaitTurn,
  type Limit,
  releaseLocks,
  takeLocks,
  toTake,
  type Who,
} from "../../src/store/locks.ts";
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
  const turn = (who: Who) =>
    database.transaction(async (sql) => {
      await toTake(sql, targets);
      return awaitTurn(sql, who, targets);
    });
  const take = (who: Who, of = targets, limits: readonly Limit[] = []) =>
    database.transaction(async (sql) => {
      await toTake(sql, of, limits);
      return takeLocks(sql, who, of, limits);
    });

  test("is no line for whoever holds it already, whoever came since", async () => {
    expect(await take(first)).toEqual({ is: "taken" });
    expect(await turn(second)).toMatchObject({ free: false, before: [{ run: "first" }] });
    // Its driver died before it began, and the next one asks again.
    expect(await turn(first)).toEqual({ free: true });
    expect(await take(first)).toEqual({ is: "taken" });
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

  test("has a rollback before those that came earlier, and not before who holds it", async () => {
    await take({ run: "holder", step: "ship" });
    await turn(first);
    await turn(second);
    const back = { run: "back", step: "roll back", hurry: 1 };
    expect(await turn(back)).toMatchObject({ before: [{ run: "holder" }] });
    const next = { run: "back again", step: "roll back", hurry: 1 };
    expect(await turn(next)).toMatchObject({ before: [{ run: "back" }, { run: "holder" }] });
    expect(await turn(first)).toMatchObject({
      before: [{ run: "back" }, { run: "back again" }, { run: "holder" }],
    });
    await database.run("DELETE FROM shipmate.locks WHERE run = 'holder'");
    expect(await turn(back)).toEqual({ free: true });
  });

  describe("under a limit of two", () => {
    const two: Limit = { name: "payments", most: 2 };
    const ask = (run: string, more: Partial<Who> = {}) =>
      take({ run, step: "ship", ...more }, [`production/${run}`], [two]);
    const end = (run: string) => database.transaction((sql) => releaseLocks(sql, run, undefined));

    test("two hold their targets, and the others stand in one line and are told of each end", async () => {
      expect([await ask("a"), await ask("b")]).toEqual([{ is: "taken" }, { is: "taken" }]);
      expect(await ask("c")).toEqual({ is: "full", limit: two, ahead: 0 });
      expect(await ask("d")).toEqual({ is: "full", limit: two, ahead: 1 });
      expect(await ask("c")).toEqual({ is: "full", limit: two, ahead: 0 });
      expect([...(await end("a"))].sort()).toEqual(["c", "d"]);
      expect(await ask("d"), "it is c's turn").toEqual({ is: "full", limit: two, ahead: 1 });
      expect(await ask("c")).toEqual({ is: "taken" });
      expect(await ask("d")).toEqual({ is: "full", limit: two, ahead: 0 });
    });

    test("a rollback waits for nobody there, and counts", async () => {
      await ask("a");
      expect(await ask("back", { hurry: 1 })).toEqual({ is: "taken" });
      expect(await ask("again", { hurry: 1 })).toEqual({ is: "taken" });
      expect(await ask("b")).toEqual({ is: "full", limit: two, ahead: 0 });
    });

    test("who waits for a target keeps nobody else from the team's room", async () => {
      await ask("a");
      await ask("b");
      await ask("web");
      await take({ run: "other", step: "ship" }, ["production/web"]);
      await database.transaction((sql) =>
        awaitTurn(sql, { run: "web", step: "ship" }, ["production/web"]),
      );
      await end("a");
      expect(await ask("c")).toEqual({ is: "taken" });
    });
  });
});
