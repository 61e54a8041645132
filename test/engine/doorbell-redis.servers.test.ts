/** The fleet's doorbell and a Redis that comes late, forgets everything, dies and comes again. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { redisDoorbell } from "../../src/engine/doorbell-redis.ts";
import { flush, ownRedis } from "../chaos/own-servers.ts";

test("a bell is heard by another process again after Redis came late, was emptied, was killed and started again", async () => {
  const redis = await ownRedis();
  onTestFinished(() => redis.close());
  await redis.stop("SIGKILL");
  const bell = () => redisDoorbell({ url: redis.url, troubled: () => undefined });
  const [rings, hears] = [bell(), bell()];
  onTestFinished(async () => {
    await rings.close();
    await hears.close();
  });
  const heard = new Set<string>();
  hears.listen((run) => {
    heard.add(run);
  });
  let rung = 0;
  /** Some may be lost; one of those that are rung from now on must be heard. */
  const isHeard = async () => {
    const first = rung;
    for (;;) {
      rings.ring(`run-${rung++}`);
      await sleep(50);
      for (let n = first; n < rung; n += 1) if (heard.has(`run-${n}`)) return true;
    }
  };
  rings.ring("lost");
  await sleep(300);
  await redis.start();
  expect(await isHeard(), "it came late").toBe(true);
  await flush(redis.url);
  expect(await isHeard(), "it was emptied").toBe(true);
  await redis.stop("SIGKILL");
  await redis.start();
  expect(await isHeard(), "it was killed").toBe(true);
});

test("that Redis is away is said once, in a sentence, and so is that it is back", async () => {
  const redis = await ownRedis();
  onTestFinished(() => redis.close());
  await redis.stop("SIGKILL");
  const said: unknown[] = [];
  const bell = redisDoorbell({
    ...{ url: redis.url, away: (says) => said.push(says) },
    // A connection that breaks may complain before the others know that Redis is away.
    troubled: () => undefined,
  });
  bell.listen(() => undefined);
  const { host } = new URL(redis.url);
  const away = `Nothing listens at ${host}: start Redis there, or correct REDIS_URL. Until then runs go on, some seconds slower.`;
  await expect.poll(() => said).toEqual([away]);
  await sleep(500);
  expect(bell.isUp?.()).toBe(false);
  await redis.start();
  await expect.poll(() => said).toEqual([away, undefined]);
  expect(bell.isUp?.()).toBe(true);
  await redis.stop("SIGKILL");
  await expect.poll(() => said).toEqual([away, undefined, expect.any(String)]);
  await bell.close();
  expect(said).toHaveLength(3);
});

test("closing does not wait for a Redis that is away", async () => {
  const redis = await ownRedis();
  onTestFinished(() => redis.close());
  const bell = redisDoorbell({ url: redis.url, troubled: () => undefined });
  bell.listen(() => undefined);
  bell.ring("run");
  await redis.stop("SIGKILL");
  await bell.close();
  const never = redisDoorbell({ url: redis.url, troubled: () => undefined });
  never.listen(() => undefined);
  await never.close();
});
