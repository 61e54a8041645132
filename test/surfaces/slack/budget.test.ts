import { expect, test } from "vitest";
import { budget } from "../../../src/surfaces/slack/budget.ts";

test("some go at once, then one a second, and each channel has its own budget", () => {
  let time = 1_000_000;
  const posts = budget({ most: 3, every: 1000, now: () => time });
  expect([1, 2, 3, 4].map(() => posts.take("C1"))).toEqual([0, 0, 0, 1000]);
  expect(posts.take("C2")).toBe(0);
  time += 999;
  expect(posts.take("C1")).toBe(1);
  time += 1;
  expect([posts.take("C1"), posts.take("C1")]).toEqual([0, 1000]);
  time += 60_000;
  expect([1, 2, 3, 4].map(() => posts.take("C1"))).toEqual([0, 0, 0, 1000]);
});
