/** The gate in front of what the door handles. */
import { expect, test } from "vitest";
import { gate } from "../../src/engine/gate.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("only so many are inside at once, and each comes in in its turn", async () => {
  const door = gate(2);
  const order: number[] = [];
  let inside = 0;
  let most = 0;
  await Promise.all(
    [1, 2, 3, 4, 5].map((n) =>
      door.inside(async () => {
        order.push(n);
        most = Math.max(most, ++inside);
        await turn();
        inside--;
      }),
    ),
  );
  expect(order).toEqual([1, 2, 3, 4, 5]);
  expect(most).toBe(2);
});

test("who waits outside for something keeps nobody out", async () => {
  const door = gate(1);
  const answer = Promise.withResolvers<void>();
  const first = door.inside(() => door.outside(() => answer.promise));
  expect(await door.inside(async () => "in")).toBe("in");
  answer.resolve();
  await first;
});

test("a job that throws gives its place back", async () => {
  const door = gate(1);
  await expect(door.inside(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await door.inside(async () => "in")).toBe("in");
});

test("who asks for much does not stand before who asks for one thing", async () => {
  const door = gate(1);
  const order: string[] = [];
  const ask = (asker: string, n: number) =>
    door.inside(async () => {
      order.push(`${asker}${n}`);
      await turn();
    }, asker);
  const many = [1, 2, 3, 4, 5].map((n) => ask("mallory", n));
  await Promise.all([...many, ask("ada", 1), ask("grace", 1), ask("ada", 2)]);
  expect(order).toEqual([
    ...["mallory1", "mallory2", "ada1", "grace1"],
    ...["mallory3", "ada2", "mallory4", "mallory5"],
  ]);
});
