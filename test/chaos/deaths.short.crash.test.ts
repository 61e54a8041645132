/** 150 processes that kill themselves at named points, in every mode: nothing is lost and nothing done twice. */
import { expect, test } from "vitest";
import { postgres, redis } from "../servers.ts";
import { type Died, die } from "./deaths.ts";
import { ownRedis } from "./places.ts";

/** The judge has looked at everything by now: here is only that there was something to look at. */
function expectDeaths(died: Died, kills: number): void {
  expect(died.kills).toBe(kills);
  expect(died.runs).toBeGreaterThan(0);
  expect(Object.keys(died.at).length, "different points").toBeGreaterThan(8);
}

test.concurrent("30 deaths on PGlite: every run ends right, every effect happens once", async () => {
  const died = await die({ mode: "pglite" }, { kills: 30, seats: 1, atOnce: 20 });
  expectDeaths(died, 30);
});

test.concurrent("60 deaths of two on PostgreSQL: every run ends right, every effect happens once", async (context) => {
  const place = { mode: "postgres", database: await postgres(context) } as const;
  expectDeaths(await die(place, { kills: 60, seats: 2, atOnce: 40 }), 60);
});

test.concurrent("60 deaths of two on PostgreSQL with Redis: every run ends right, every effect happens once", async (context) => {
  const { url } = await redis(context);
  const database = await postgres(context);
  const place = { mode: "fleet", database, redis: ownRedis(url) } as const;
  expectDeaths(await die(place, { kills: 60, seats: 2, atOnce: 40 }), 60);
});
