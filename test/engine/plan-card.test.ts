/** What a plan would change, as people read it. */
import { expect, test } from "vitest";
import type { Change, Plan } from "../../src/core/plan.ts";
import { allChanges, changesOf } from "../../src/engine/plan-card.ts";

const of = "production/web";
const plan = (...changes: readonly Change[]): Plan =>
  ({ nodes: [{ preview: { changes, undo: [] } }] }) as unknown as Plan;

test("what is taken over from somebody else says whose it was", () => {
  const replicas: Change = { of, field: "replicas", from: 7, to: 3, by: "kubectl" };
  expect(changesOf(plan(replicas))).toEqual([
    { what: "replicas", from: "7 (set by kubectl)", to: "3" },
  ]);
});

test("more than five changes stand in a table of their own", () => {
  const changes = ["a", "b", "c", "d", "e"].map((field): Change => ({ of, field, from: 1, to: 2 }));
  expect(allChanges(plan(...changes))).toBeUndefined();
  const sixth: Change = { of, field: "f", from: null, to: "new" };
  expect(allChanges(plan(...changes, sixth))).toMatchObject({
    title: "All 6 changes",
    rows: expect.arrayContaining([["f", "", "new"]]),
  });
});
