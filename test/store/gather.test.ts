/** What many ask for one by one goes together, and fails alone. */
import { expect, test } from "vitest";
import { gathered } from "../../src/store/gather.ts";

test("what is asked for at the same time goes together, and each gets its own answer", async () => {
  const asked: (readonly number[])[] = [];
  const double = gathered(async (all: readonly number[]) => {
    asked.push(all);
    return all.map((one) => 2 * one);
  });
  expect(await Promise.all([1, 2, 3].map(double))).toEqual([2, 4, 6]);
  expect(await double(4)).toBe(8);
  expect(asked).toEqual([[1, 2, 3], [4]]);
});

test("what is asked for meanwhile waits and goes together next", async () => {
  const asked: (readonly number[])[] = [];
  const first = Promise.withResolvers<void>();
  const same = gathered(async (all: readonly number[]) => {
    asked.push(all);
    if (asked.length === 1) await first.promise;
    return all;
  });
  const one = same(1);
  await expect.poll(() => asked.length).toBe(1);
  const others = Promise.all([2, 3].map(same));
  first.resolve();
  expect([await one, ...(await others)]).toEqual([1, 2, 3]);
  expect(asked).toEqual([[1], [2, 3]]);
});

test("one that can't be answered fails alone", async () => {
  const same = gathered(async (all: readonly number[]) => {
    if (all.includes(13)) throw new Error("not this one");
    return all;
  });
  const settled = await Promise.allSettled([1, 13, 2].map(same));
  expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(await same(3)).toBe(3);
});
