/** What moved between two plans, in the sentence for those who have to look again. */
import { expect, test } from "vitest";
import type { Change, Plan } from "../../src/core/plan.ts";
import { deltaOf } from "../../src/engine/delta.ts";

const of = "web in production";
const plan = (...changes: readonly Change[]): Plan =>
  ({ nodes: [{ preview: { changes } }] }) as unknown as Plan;
const version: Change = { of, field: "version", from: "1.4.1", to: "1.4.2" };

test("what somebody else set is told as they did it, and by whom", () => {
  const replicas: Change = { of, field: "replicas", from: 5, to: 3, by: "kubectl" };
  expect(deltaOf(plan(version), plan(version, replicas), ["Grace"])).toBe(
    "It changed since Grace approved: replicas 3 → 5 (kubectl). That approval no longer counts; please look again.",
  );
});

test("what was to change anyway is told from where it stood to where it stands", () => {
  const before: Change = { of, field: "replicas", from: 2, to: 3 };
  const after: Change = { of, field: "replicas", from: 7, to: 3, by: "kubectl" };
  expect(deltaOf(plan(version, before), plan(version, after), [])).toContain(
    "replicas 2 → 7 (kubectl)",
  );
});

test("what we would now do otherwise is told as a change of ours", () => {
  const after = { ...version, to: "1.4.3" };
  expect(deltaOf(plan(version), plan(after), [])).toContain("version 1.4.1 → 1.4.3");
});

test("of several things each is named", () => {
  const other: Change = { of: "staging/web", field: "replicas", from: 5, to: 3, by: "kubectl" };
  expect(deltaOf(plan(version), plan(version, other), [])).toContain(
    "web in staging replicas 3 → 5 (kubectl)",
  );
});
