/** What of a judgement needs no cluster. */
import { expect, test } from "vitest";
import { rounded } from "../../../../src/providers/kubernetes/look/judge.ts";

test("a countdown is told in a few steps, and never as less than is left", () => {
  const told = Array.from({ length: 90_000 }, (_, i) => rounded(90_000 - i));
  expect([...new Set(told)]).toEqual([120, 60, 40, 30, 20, 10, 5]);
  expect(told.every((seconds, i) => seconds * 1_000 >= 90_000 - i)).toBe(true);
});
