/** kill -9 at any moment of a deploy, and a start on the same folder: nothing is lost and nothing done twice. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { killedAt, lived, type Moment, type Shipped } from "./kill.ts";
import { home, start } from "./shipmate.ts";

const moments: readonly Moment[] = [
  { name: "3 ms after ada's words were sent", when: () => sleep(3) },
  { name: "12 ms after ada's words were sent", when: () => sleep(12) },
  { name: "when ada's words were answered", when: (life) => life.said },
  { name: "when the card asks for approval", when: (life) => life.planned },
  {
    name: "2 ms before grace's click can be answered",
    when: (life) => life.planned.then(() => sleep(2)),
  },
  { name: "when grace's click was answered", when: (life) => life.approved },
  {
    name: "when the new process is recorded",
    when: (life) => life.approved.then(() => life.world(({ candidate }) => candidate !== null)),
  },
  {
    name: "when the new process was started",
    when: (life) => life.approved.then(() => life.world(({ candidate }) => candidate?.pid != null)),
  },
  {
    name: "when the service is switched over",
    when: (life, { version }) => life.serves(version),
  },
  {
    name: "when the broken version has died",
    broken: true,
    when: (life) => life.world(({ releases }) => releases[0]?.state === "bad"),
  },
  {
    name: "when the broken version is being taken back",
    broken: true,
    when: (life) =>
      life
        .world(({ releases }) => releases[0]?.version === "1.5.0")
        .then(() => life.world(({ releases }) => releases[0]?.version !== "1.5.0")),
  },
  { name: "when the card says the end", when: (life) => life.ended },
];

let place: Awaited<ReturnType<typeof home>>;
/** Undefined after a moment that was not survived: there is nothing to go on with. */
let shipped: Shipped | undefined;

beforeAll(async () => {
  place = await home();
  const shipmate = await start({ SHIPMATE_HOME: place.folder });
  const first = lived(
    shipmate,
    { folder: place.folder, channel: "first", version: "1.4.1" },
    false,
  );
  const root = await first.over;
  expect(root.card?.state?.word).toBe("Succeeded");
  shipped = { shipmate, version: "1.4.1" };
});
afterAll(async () => {
  await place?.clear();
});

test.each(moments.map((moment, n) => ({ ...moment, n })))(
  "killed $name, a deploy goes on to its end, once",
  async (moment) => {
    if (shipped === undefined) throw new Error("the moment before was not survived");
    const before = shipped;
    shipped = undefined;
    shipped = await killedAt(moment, before, place.folder, `kill-${moment.n}`);
  },
);
