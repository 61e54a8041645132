/** Replicas without a leader: any of them may end at any time, and an upgrade goes over one by one. */
import { expect, test } from "vitest";
import { postgres, redis } from "../servers.ts";
import { comeAndGo, upgrade } from "./coming.ts";
import { ownRedis } from "./places.ts";

test("five of eight processes are killed while 50 runs go: each run ends right, on PostgreSQL alone", async (context) => {
  const came = await comeAndGo({ mode: "postgres", database: await postgres(context) }, 50);
  expect([came.runs, came.processes, came.kills]).toEqual([50, 8, 5]);
});

test("five of eight processes are killed while 50 runs go: each run ends right, with Redis", async (context) => {
  const database = await postgres(context);
  const { url } = await redis(context);
  const came = await comeAndGo({ mode: "fleet", database, redis: ownRedis(url) }, 50);
  expect([came.runs, came.processes, came.kills]).toEqual([50, 8, 5]);
});

test("two codes that don't fit each other's runs share 40 of them, and none parks", async (context) => {
  const came = await upgrade({ mode: "postgres", database: await postgres(context) }, 40);
  expect(came.runs).toBe(40);
  expect(came.left, "some were left to the other code").toBeGreaterThan(0);
});
