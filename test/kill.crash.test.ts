/** kill -9 at forty moments by the clock, spread over a whole deploy, the broken ones among them. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { killedAt, lived, type Shipped } from "./kill.ts";
import { home, start } from "./shipmate.ts";

const kills = 40;
/** A good deploy takes about so long on a quiet machine, in milliseconds. */
const whole = 1_600;

let place: Awaited<ReturnType<typeof home>>;
let shipped: Shipped | undefined;

beforeAll(async () => {
  place = await home();
  const { folder } = place;
  const shipmate = await start({ SHIPMATE_HOME: folder });
  const first = lived(shipmate, { folder, channel: "first", version: "1.4.1" }, false);
  expect((await first.over).card?.state?.word).toBe("Succeeded");
  shipped = { shipmate, version: "1.4.1" };
});
afterAll(() => place?.clear());

test.each(Array.from({ length: kills }, (_, n) => ({ n, after: Math.round((n * whole) / kills) })))(
  "killed $after ms after ada's words were sent, a deploy goes on to its end, once",
  async ({ n, after }) => {
    if (shipped === undefined) throw new Error("the moment before was not survived");
    const before = shipped;
    shipped = undefined;
    const moment = { name: `${after} ms`, broken: n % 3 === 2, when: () => sleep(after) };
    shipped = await killedAt(moment, before, place.folder, `kill-${n}`);
  },
);
