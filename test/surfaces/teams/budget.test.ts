import { expect, test } from "vitest";
import { budget } from "../../../src/surfaces/teams/budget.ts";

test("a conversation gets what Teams documents: 7 in 1 s, 8 in 2 s, 60 in 30 s, 1800 in an hour", () => {
  let now = 0;
  const spend = budget(() => now);
  const said: number[] = [];
  // Whoever always waits as long as asked and then says something, for two hours.
  while (now < 2 * 3_600_000) {
    const wait = spend.take("a");
    if (wait === 0) said.push(now);
    now += wait;
  }
  const within = (seconds: number) =>
    said.reduce((most, start, from) => {
      const after = said.slice(from, from + 2000).findIndex((at) => at >= start + seconds * 1000);
      return Math.max(most, after < 0 ? 0 : after);
    }, 0);
  expect([1, 2, 30, 3600].map(within)).toEqual([7, 8, 60, 1800]);
});

test("one conversation does not spend another one's", () => {
  const spend = budget(() => 0);
  for (let at = 0; at < 7; at += 1) expect(spend.take("a")).toBe(0);
  expect(spend.take("a")).toBeGreaterThan(0);
  expect(spend.take("b")).toBe(0);
});
