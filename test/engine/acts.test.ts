/** What came out late, held against what was approved. */
import { expect, test } from "vitest";
import { fitsLines } from "../../src/engine/acts.ts";

const late = { $from: "0", path: ["version"] };
const version = { of: "staging/web", field: "version", from: "1", to: late };
const rest = { of: "staging/web", from: "as it is", to: late };
const now = { ...version, to: "2" };
const replicas = { of: "staging/web", field: "replicas", from: 3, to: 1 };

test("what is told must come as it was told, but for what was known only after", () => {
  expect(fitsLines([version], [now])).toBe(true);
  expect(fitsLines([version], [{ ...now, from: "0" }])).toBe(false);
  expect(fitsLines([version], [])).toBe(false);
});

test("more comes only where the whole was known only after, and of nothing else", () => {
  expect(fitsLines([version], [now, replicas])).toBe(false);
  expect(fitsLines([version, rest], [now, replicas])).toBe(true);
  expect(fitsLines([version, rest], [now])).toBe(true);
  expect(fitsLines([version, rest], [now, { ...replicas, of: "staging/api" }])).toBe(false);
  expect(fitsLines([version, { ...rest, to: "new" }], [now, replicas])).toBe(false);
});
