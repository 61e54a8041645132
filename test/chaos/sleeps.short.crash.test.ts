/** SIGSTOP past the claim and SIGCONT: what a sleeper still wants to write is kept back. */
import { expect, test } from "vitest";
import { postgres } from "../servers.ts";
import { sleepPast } from "./sleeps.ts";

test("ten processes that sleep past their claims write nothing more for runs that others took over", async (context) => {
  const place = { mode: "postgres", database: await postgres(context) } as const;
  const slept = await sleepPast(place, { sleeps: 10, seats: 10, atOnce: 40 });
  expect(slept.sleeps).toBe(10);
  expect(slept.drove, "runs that sleepers drove").toBeGreaterThan(0);
  expect(slept.fenced, "drives that were kept back").toBeGreaterThan(0);
});
