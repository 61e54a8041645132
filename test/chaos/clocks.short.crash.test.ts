/** Replicas at another time: only the database's clock counts. */
import { expect, test } from "vitest";
import { leaveOut, postgres } from "../servers.ts";
import { faketime, misled } from "./clocks.ts";

test("with clocks an hour ahead, an hour behind and two minutes ahead every run ends right and nobody takes what others drive", async (context) => {
  const library = faketime();
  if (library === undefined) leaveOut(context, "clocks that are wrong (apt-get install faketime)");
  const place = { mode: "postgres", database: await postgres(context) } as const;
  const wrong = await misled(place, library, ["+1h", "-1h", "+120"], 20);
  const [ahead = 0, behind = 0, little = 0] = wrong.off;
  for (const [off, wanted] of [
    [ahead, 3_600],
    [behind, -3_600],
    [little, 120],
  ] as const)
    expect(Math.abs(off - wanted), "the clock really is wrong").toBeLessThan(60);
  expect(wrong.lost, "claims that were taken from somebody alive").toBeLessThan(5);
});
