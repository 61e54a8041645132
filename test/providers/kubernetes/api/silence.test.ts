/** How long a cluster has told nothing, over all of its watches. */
import { expect, onTestFinished, test } from "vitest";
import { Platform } from "../../../../src/platform/schema.ts";
import { watches } from "../../../../src/providers/kubernetes/api/watch.ts";
import { kubernetes } from "../../../../src/providers/kubernetes/kubernetes.ts";

const never = new AbortController().signal;

test("the watch that has been silent for the longest time is told, and none while all hold", async () => {
  let now = 1_000;
  const cut = new Map<string, () => void>();
  const all = watches({
    now: () => now,
    cluster: {
      name: "prod",
      async *pages() {
        yield { items: [], resourceVersion: "1" };
      },
      async watch(_kind, { namespace }) {
        const held = Promise.withResolvers<never>();
        cut.set(namespace, () => held.reject(new Error("the cluster prod is away")));
        return { [Symbol.asyncIterator]: () => ({ next: () => held.promise }) };
      },
    },
  });
  onTestFinished(() => all.close());
  for (const namespace of ["shop", "blog"]) {
    now += 1_000;
    await all.of(namespace).read("Pod", never);
    await expect.poll(() => cut.has(namespace)).toBe(true);
  }
  expect(all.stale()).toBeUndefined();
  cut.get("blog")?.();
  await expect.poll(() => all.stale()?.since).toBe(3_000);
  cut.get("shop")?.();
  await expect.poll(() => all.stale()?.since).toBe(2_000);
});

test("where no cluster was asked yet there is nothing to tell", async () => {
  const parts = { people: {}, teams: {}, services: {}, environments: {}, clusters: {} };
  const platform = { ...Platform.parse(parts), version: "test" };
  const world = kubernetes({ platform: () => platform, folder: "." });
  expect(world.silence()).toBeUndefined();
  await world.close();
});
