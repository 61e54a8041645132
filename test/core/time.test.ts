/** Spans of time as authors and people write them. */
import { describe, expect, it } from "vitest";
import { later, milliseconds, Time } from "../../src/core/time.ts";

describe("a span of time", () => {
  it.each([
    ["90s", 90_000],
    ["10m", 600_000],
    ["4h", 14_400_000],
    ["7d", 604_800_000],
    ["0.5h", 1_800_000],
  ] as const)("reads %s as %i milliseconds", (time, expected) => {
    expect(milliseconds(time)).toBe(expected);
  });

  it("moves a point in time", () => {
    expect(later(1_000, "2s")).toBe(3_000);
  });

  it.each([
    "",
    "7",
    "d",
    "7 days",
    "7w",
    "-1h",
    "1h30m",
    "1e",
    "∞s",
    "-0.1s",
    "3651d",
    `${"9".repeat(400)}s`,
  ])('refuses "%s" from a person', (typed) => {
    expect(Time.safeParse(typed).success).toBe(false);
  });

  it.each(["1s", "0d", "1.5h", "10m", "3650d"])("takes %s from a person", (typed) => {
    expect(Time.parse(typed)).toBe(typed);
  });
});
