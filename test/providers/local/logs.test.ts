import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lastLines, logFiles, logPath, tidy } from "../../../src/providers/local/log-file.ts";
import { logs, type Wanted } from "../../../src/providers/local/logs.ts";
import { eventually, open, texts } from "../drive.ts";

const stamp = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

describe("the log of a service", () => {
  let folder: string;
  const file = (n: number) => logPath(folder, { n, version: "1.0.0" });
  const read = (more: Partial<Wanted> = {}) =>
    texts(logs(folder, { service: "web", follow: false, ...more }, Date.now, open));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "shipmate-logs-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("merges its processes by time, and leaves a line without one where it stands", async () => {
    writeFileSync(file(1), `${stamp(1)} a\n  at a\n${stamp(4)} d\n`);
    writeFileSync(file(2), `${stamp(2)} b\n${stamp(3)} c\nunfinished`);
    expect(await read()).toEqual(["a", "  at a", "b", "c", "unfinished", "d"]);
    expect(await read({ tail: 2 })).toEqual(["unfinished", "d"]);
    expect(await read({ search: "AT" })).toEqual(["  at a"]);
  });

  test("cuts a line that never ends into pieces and loses none of it", async () => {
    writeFileSync(file(1), `${stamp(1)} ${"é".repeat(100_000)}\n`);
    const pieces = await read();
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.join("")).toBe("é".repeat(100_000));
  });

  test("is set aside when it is large, and a follower misses nothing", async () => {
    const enough = new AbortController();
    const seen: string[] = [];
    writeFileSync(file(1), `${stamp(1)} first\n`);
    const wanted = { service: "web", follow: true };
    const reading = (async () => {
      for await (const { text } of logs(folder, wanted, Date.now, enough.signal)) seen.push(text);
    })();
    await eventually(
      () => seen,
      (lines) => lines.includes("first"),
    );
    appendFileSync(file(1), `${stamp(2)} ${"x".repeat(2_100_000)}\n${stamp(3)} last before\n`);
    tidy(folder);
    appendFileSync(file(1), `${stamp(4)} first after\n`);
    await eventually(
      () => seen,
      (lines) => lines.includes("first after"),
    );
    enough.abort();
    await reading;
    expect(seen).toContain("last before");
    expect(seen.join("").match(/x/g)).toHaveLength(2_100_000);
    expect(statSync(file(1)).size).toBeLessThan(100);
    expect((await read()).slice(-2)).toEqual(["last before", "first after"]);
  });

  test("is kept for the last six processes", () => {
    for (let n = 1; n <= 9; n++) writeFileSync(file(n), "x\n");
    tidy(folder);
    expect(logFiles(folder)).toEqual([4, 5, 6, 7, 8, 9].map(file));
  });

  test("gives its last lines plain and short", () => {
    writeFileSync(
      file(1),
      `${stamp(1)} one\n\n${stamp(2)} \u001b[31mred\u001b[0m\n${"y".repeat(999)}\n`,
    );
    expect(lastLines(file(1), 2)).toEqual(["red", "y".repeat(300)]);
    expect(lastLines(file(2), 2)).toEqual([]);
  });
});
