import { expect, test } from "vitest";
import { ago, ahead, span } from "../../../src/web/page/time.ts";

const now = Date.UTC(2026, 0, 2, 12);
const [second, minute, hour] = [1_000, 60_000, 3_600_000];

test.each([
  [0, "now"],
  [-5 * second, "now"],
  [12 * second, "12 s ago"],
  [3 * minute + 59 * second, "3 min ago"],
  [23 * hour, "23 h ago"],
])("under a day a time is relative: %d ms is %s", (past, text) => {
  expect(ago(now - past, now)).toBe(text);
});
test("after a day it is absolute", () => {
  expect(ago(now - 48 * hour, now)).toMatch(/^31 Dec, \d\d:\d\d$/);
});
test("what is to come is said the same way", () => {
  expect(ahead(now + 10 * second, now)).toBe("in less than a minute");
  expect(ahead(now + 12 * minute, now)).toBe("in 12 min");
  expect(ahead(now + 4 * hour, now)).toBe("in 4 h");
});
test("how long something took has at most two units", () => {
  expect(span(0, 48 * second)).toBe("48 s");
  expect(span(0, 3 * minute)).toBe("3 min");
  expect(span(0, 3 * minute + 5 * second)).toBe("3 min 5 s");
  expect(span(0, 2 * hour + 5 * minute)).toBe("2 h 5 min");
});
