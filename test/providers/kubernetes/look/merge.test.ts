import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { merged } from "../../../../src/observe/merged.ts";
import {
  type Line,
  lastOf,
  type Mixer,
  mixer,
} from "../../../../src/providers/kubernetes/look/merge.ts";

const line = (at: number, from = "a", text = `${from} ${at}`): Line => ({ at, from, text });

async function* part(from: string, ...times: number[]): AsyncGenerator<Line> {
  for (const at of times) yield line(at, from);
}

async function texts(lines: AsyncIterable<Line>): Promise<string[]> {
  const all: string[] = [];
  for await (const { text } of lines) all.push(text);
  return all;
}

/** Reads until this comes. */
async function readUntil(
  mix: Mixer,
  last: string,
  seen: (text: string) => void = () => {},
): Promise<string[]> {
  const stop = new AbortController();
  const all: string[] = [];
  for await (const { text } of mix.read(stop.signal)) {
    all.push(text);
    seen(text);
    if (text === last) stop.abort();
  }
  return all;
}

describe("logs that are all there", () => {
  test("come by time, and those of one part in their own order", async () => {
    const all = await texts(merged([part("a", 1, 4, 4, 9), part("b", 2, 4, 5), part("c")]));
    expect(all).toEqual(["a 1", "b 2", "a 4", "a 4", "b 4", "b 5", "a 9"]);
  });

  test("are closed where the reader has had enough", async () => {
    let closed = 0;
    async function* endless(): AsyncGenerator<Line> {
      try {
        for (let at = 0; ; at++) yield line(at);
      } finally {
        closed++;
      }
    }
    for await (const { at } of merged([endless(), endless()])) if (at > 3) break;
    expect(closed).toBe(2);
  });

  test("give their last lines, of many parts and of the whole", async () => {
    const parts = Array.from({ length: 50 }, (_, i) =>
      part(`p${i}`, ...Array.from({ length: 200 }, (_, n) => n * 50 + i)),
    );
    const last = await lastOf(parts, 3);
    expect(last.map(({ text }) => text)).toEqual(["p47 9997", "p48 9998", "p49 9999"]);
  });
});

describe("logs that still come", () => {
  test("stand by time where they come a little late", async () => {
    let now = 0;
    const mix = mixer({ window: 60, now: () => now });
    for (const at of [5, 3, 4]) mix.put(line(at));
    now = 20;
    mix.put(line(1));
    // Those that came first have waited for long enough, and take along what is older.
    now = 65;
    const reading = readUntil(mix, "a 6", (text) => {
      if (text !== "a 5") return;
      mix.put(line(6));
      now = 200;
    });
    expect(await reading).toEqual(["a 1", "a 3", "a 4", "a 5", "a 6"]);
  });

  test("are left out, and counted, where the reader is too slow", async () => {
    const mix = mixer({ window: 10, lines: 1_000 });
    for (let at = 1; at <= 5_000; at++) mix.put(line(at));
    const all = await readUntil(mix, "a 5000");
    const out = 5_000 - (all.length - 1);
    expect(all[0]).toBe(
      `… ${out.toLocaleString("en")} lines left out: more came than could be shown`,
    );
    expect(all.length).toBeLessThanOrEqual(1_001);
  });

  test("are bounded by their characters too", async () => {
    const mix = mixer({ window: 10, characters: 10_000 });
    for (let at = 1; at <= 100; at++) mix.put(line(at, "a", "x".repeat(1_000)));
    mix.put(line(101));
    expect((await readUntil(mix, "a 101")).length).toBeLessThanOrEqual(12);
  });

  test("end with the signal, at once", async () => {
    const stop = new AbortController();
    const reading = texts(mixer().read(stop.signal));
    await pause(20);
    stop.abort();
    expect(await reading).toEqual([]);
  });
});
