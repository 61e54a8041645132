/** A container's log lines get their time from the node, and stay short. */
import { expect, test } from "vitest";
import { podLog } from "../../../../src/providers/kubernetes/api/pod-log.ts";

async function* bytes(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}
const read = (...texts: string[]) => Array.fromAsync(podLog(bytes(...texts), () => 42));

test("each line has its time in milliseconds and no stamp", async () => {
  const time = Date.UTC(2026, 10, 21, 16, 19, 6, 10);
  expect(
    await read("2026-11-21T16:19:06.010631123Z hel", "lo\r\n2026-11-21T18:19:06.01+02:00 \n"),
  ).toEqual([
    { at: time, text: "hello" },
    { at: time, text: "" },
  ]);
});

test("a line without a time has that of the line before it", async () => {
  expect(await read("no stamp\n2026-11-21T16:19:06Z a\nunable to read\n")).toEqual([
    { at: 42, text: "no stamp" },
    { at: Date.UTC(2026, 10, 21, 16, 19, 6), text: "a" },
    { at: Date.UTC(2026, 10, 21, 16, 19, 6), text: "unable to read" },
  ]);
});

test("a line of 50 kB is cut at 8 kB and says so", async () => {
  const [line, next] = await read(`2026-11-21T16:19:06Z ${"x".repeat(50_000)}\nnext\n`);
  expect(line?.text.length).toBeLessThan(8_200);
  expect(line?.text).toMatch(/^x+ \(cut\)$/);
  expect(next?.text).toBe("next");
});
