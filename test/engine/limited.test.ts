import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { limited } from "../../src/engine/limited.ts";

const untilTold = (signal: AbortSignal) => sleep(600_000, undefined, { signal });

test("work is told to stop when its time is over", async () => {
  const { signal } = new AbortController();
  const told = limited(signal, 5, untilTold);
  await expect(told).rejects.toMatchObject({ cause: { name: "TimeoutError" } });
});

test("work is told to stop when what is around it stops, before or meanwhile, and why", async () => {
  const around = new AbortController();
  const told = limited(around.signal, 600_000, untilTold);
  around.abort("closing");
  await expect(told).rejects.toMatchObject({ cause: "closing" });
  const late = limited(around.signal, 600_000, untilTold);
  await expect(late).rejects.toMatchObject({ cause: "closing" });
});

test("work that has ended is told nothing any more", async () => {
  const around = new AbortController();
  const signal = await limited(around.signal, 5, async (signal) => signal);
  around.abort("closing");
  await sleep(20);
  expect(signal.aborted).toBe(false);
});
