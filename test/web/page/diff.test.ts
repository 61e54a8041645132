import { expect, test } from "vitest";
import { diff } from "../../../src/web/page/diff.ts";
import { effort } from "../../effort.ts";

const shown = (before: string, after: string) =>
  diff(before.split("\n"), after.split("\n")).map(
    ({ is, text }) => `${{ same: " ", gone: "-", new: "+" }[is]}${text}`,
  );

test("lines that stay are shown once, what goes stands before what comes", () => {
  expect(shown("a\nb\nc", "a\nx\nc")).toEqual([" a", "-b", "+x", " c"]);
  expect(shown("a\nb", "a\nb")).toEqual([" a", " b"]);
  expect(shown("a\nc", "a\nb\nc")).toEqual([" a", "+b", " c"]);
  expect(shown("a\nb\nc\nd", "b\nd")).toEqual(["-a", " b", "-c", " d"]);
});

test("what is new has no before, and what is gone no after", () => {
  expect(diff([], ["a"])).toEqual([{ is: "new", text: "a" }]);
  expect(diff(["a"], [])).toEqual([{ is: "gone", text: "a" }]);
  expect(diff([], [])).toEqual([]);
});

test("texts of many lines are shown whole, in no time", () => {
  const many = Array.from({ length: 50_000 }, (_, at) => `line ${at}`);
  const begun = effort();
  expect(diff(many, many.toReversed())).toHaveLength(100_000);
  expect(effort() - begun).toBeLessThan(1_000);
});
