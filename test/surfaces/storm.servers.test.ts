/** The short form of the storm: two replicas, half a minute; `npm run storm` has ten minutes of it. */
import { expect, test } from "vitest";
import { postgres } from "../servers.ts";
import { most, report, storm, unheard } from "./storm.ts";

test("when chats refuse, fail and lose answers, each card ends right, once, in order and within the budgets", {
  timeout: 200_000,
}, async (context) => {
  const replicas = 2;
  const after = await storm({
    ...{ database: await postgres(context), seed: 7, replicas, runs: 6, channels: 2 },
    ...{ seconds: 8, retryAfter: [1, 2], patience: 150 },
  });
  const says = report(after);
  const of = (chat: string, what: string, channel?: string) =>
    after.calls.filter(
      (call) =>
        call.chat === chat &&
        call.what === what &&
        (channel === undefined || call.channel === channel),
    );
  expect(after.ends, says).toEqual({ succeeded: 6 });
  expect(after.wrong, says).toEqual([]);
  expect(after.disordered, says).toEqual([]);
  expect(after.notes, says).toBeGreaterThanOrEqual(12);
  expect(after.again.slack, says).toBe(0);
  expect(after.late.still, says).toBe(0);
  expect(of("slack", "edit").length, says).toBeGreaterThan(0);
  // What each process has in its hands at a time comes on top, where a busy machine holds it up.
  const edits = of("slack", "edit");
  for (const seconds of [5, 15, 60])
    expect(most(edits, seconds * 1_000), says).toBeLessThanOrEqual(
      6 + seconds / 1.5 + replicas * 2,
    );
  for (const channel of new Set(of("slack", "post").map(({ channel }) => channel)))
    expect(most(of("slack", "post", channel), 10_000), says).toBeLessThanOrEqual(5 + 10 + replicas);
  expect(unheard(edits, 2_000), says).toBeLessThanOrEqual(edits.length / 10);
});
