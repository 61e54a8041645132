/** "Did you mean": what counts as near. */
import { expect, test } from "vitest";
import { nearest } from "../../src/core/nearest.ts";
import { listed, quoted } from "../../src/core/words.ts";

test.each([
  ["wbe", ["web", "hello"], ["web"]],
  ["we", ["web", "hello"], ["web"]],
  ["WEB", ["web", "hello"], ["web"]],
  ["helo", ["web", "hello"], ["hello"]],
  ["prod", ["staging", "production"], ["production"]],
  ["producton", ["staging", "production"], ["production"]],
  ["depoly", ["deploy", "reject", "retry"], ["deploy"]],
  ["1.4.3", ["1.4.2", "1.4.1", "2.0.0"], ["1.4.2", "1.4.1"]],
  ["9.9.9", ["1.4.2", "1.4.1", "1.5.0"], []],
  ["x", ["a", "b"], []],
  ["ab", ["cd", "ef"], []],
  ["moon", ["staging", "production"], []],
  ["", ["web"], []],
  ["x".repeat(5000), ["web"], []],
  ["a1", ["a2", "a3", "a4", "a5"], ["a2", "a3", "a4"]],
])("%s among %j is near %j", (typed, words, near) => {
  expect(nearest(typed, words)).toEqual(near);
});

test("lists read as people write them", () => {
  expect(listed([])).toBe("");
  expect(listed(["a"])).toBe("a");
  expect(listed(["a", "b"], "or")).toBe("a or b");
  expect(listed(["a", "b", "c"])).toBe("a, b and c");
  expect(listed(["a", "b", "c", "d"], "and", 2)).toBe("a, b and 2 more");
});

test("what was typed is quoted, and cut where it is long", () => {
  expect(quoted("web")).toBe('"web"');
  expect(quoted("x".repeat(50))).toHaveLength(42);
  expect(quoted(`${"x".repeat(38)}😀😀`).isWellFormed()).toBe(true);
});
