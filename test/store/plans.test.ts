/** Open plans: whom another run on their targets makes void, and how often one person counts. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Target } from "../../src/core/operation.ts";
import type { Plan } from "../../src/core/plan.ts";
import type { Database } from "../../src/store/database.ts";
import {
  insertPlan,
  insertVote,
  latestPlans,
  voidOthers,
  withdrawVote,
} from "../../src/store/plans.ts";
import { databases, empty } from "../databases.ts";

const planOn = (targets: readonly Target[]): Plan => ({
  ...{ digest: "0", requester: "ada", nodes: [], groups: [], targets, policy: "1" },
  ...{ needs: [], rule: "", expires: 60_000 },
});

describe.each(databases())("what is planned on $kind", ({ open }) => {
  let database: Database;
  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database.close());
  beforeEach(() => empty(database));
  const plan = (run: string, ...targets: readonly Target[]) =>
    insertPlan(database, {
      ...{ run, step: "ship", body: planOn(targets), state: "open" as const, again: false },
    });
  const stateOf = async (run: string) => (await latestPlans(database, run)).get("ship")?.state;

  test("is void once another run goes ahead on the same target, above it or below it", async () => {
    await plan("same", "staging/api", "production/shop/web");
    await plan("above", "production/shop");
    await plan("below", "production/shop/web/pod");
    await plan("beside", "production/shop/web-2");
    await plan("elsewhere", "staging/web");
    await plan("mine", "production/shop/web");
    const rung = await voidOthers(database, "mine", ["production/shop/web"], "run 1 went ahead");
    expect([...rung].sort()).toEqual(["above", "below", "same"]);
    for (const run of ["same", "above", "below"]) expect(await stateOf(run)).toBe("void");
    for (const run of ["beside", "elsewhere", "mine"]) expect(await stateOf(run)).toBe("open");
  });

  test("is found so too where a process of an older version planned it", async () => {
    for (const [run, target] of [
      ["same", "production/shop/web"],
      ["above", "production/shop"],
      ["elsewhere", "staging/web"],
    ] as const) {
      await plan(run, target);
    }
    await database.run("UPDATE shipmate.plans SET found_by = NULL");
    const rung = await voidOthers(database, "mine", ["production/shop/web"], "run 1 went ahead");
    expect([...rung].sort()).toEqual(["above", "same"]);
  });

  test("has one vote of each person, however often it comes, until it is withdrawn", async () => {
    await plan("mine", "staging/web");
    const of = { run: "mine", step: "ship", digest: "0", person: "grace", surface: "slack" };
    const vote = (says: "yes" | "no") =>
      insertVote(database, { ...of, vote: says }, { did: "voted" });
    const together = await Promise.all([vote("yes"), vote("no"), vote("yes")]);
    expect(together.filter(Boolean)).toHaveLength(1);
    expect(await vote("no")).toBe(false);
    const told = () =>
      database.query(z.object({ n: z.number() }), "SELECT count(*) AS n FROM shipmate.audit");
    expect(await told(), "what changed nothing is not told of").toEqual([{ n: 1 }]);
    expect(await withdrawVote(database, "mine", "0", "grace")).toBe(true);
    expect(await vote("no")).toBe(true);
    expect(await told()).toEqual([{ n: 2 }]);
  });
});
