/** One process of three without its database, its Redis or the outside: the others go on, and so does it afterwards. */
import { expect, test } from "vitest";
import { postgres, redis } from "../servers.ts";
import { cutOff } from "./cuts.ts";
import { ownRedis } from "./places.ts";

test("one of three that is cut off from everything past its claims, or from each alone, does nothing twice and comes back", async (context) => {
  const { url } = await redis(context);
  const database = await postgres(context);
  const place = { mode: "fleet", database, redis: ownRedis(url) } as const;
  const healed = await cutOff(place, {
    atOnce: 30,
    cuts: [
      { from: ["redis"], how: "silent", seconds: 1 },
      { from: ["outside"], how: "reset", seconds: 1 },
      { from: ["database"], how: "reset", seconds: 1 },
      { from: ["database", "redis", "outside"], how: "silent", seconds: 17 },
    ],
  });
  expect(healed.back).toHaveLength(4);
  expect(healed.meanwhile[3], "runs that the others brought to their end").toBeGreaterThan(0);
});
