/** Bytes become lines wherever they were cut, in time that grows with the bytes alone. */
import { expect, test } from "vitest";
import { byteLines } from "../../../../src/providers/kubernetes/api/byte-lines.ts";
import { effort } from "../../../effort.ts";

async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function lines(text: string, size: number, longest?: number): Promise<readonly string[]> {
  const all = await Array.fromAsync(byteLines(inPieces(text, size), longest));
  return all.map((line) => line.text);
}

test("a character that two pieces share stays whole", async () => {
  const text = "añ🚢b\n\nzwölf\nlast";
  for (const size of [1, 2, 3, 5, 100])
    expect(await lines(text, size)).toEqual(["añ🚢b", "", "zwölf", "last"]);
  expect(await lines("", 1)).toEqual([]);
  expect(await lines("one\n", 2)).toEqual(["one"]);
});

test("of a long line the beginning is kept, without half a character", async () => {
  const text = `${"🚢".repeat(5)}\nshort\n${"b".repeat(9)}\n`;
  for (const size of [1, 4, 7, 100])
    expect(await lines(text, size, 10)).toEqual(["🚢🚢", "short", "bbbbbbbbb"]);
  const cut = await Array.fromAsync(byteLines(inPieces(text, 3), 10));
  expect(cut.map((line) => line.cut)).toEqual([true, false, false]);
});

test("a line of 20 MB in small pieces takes little time", async () => {
  const long = "x".repeat(20_000_000);
  const began = effort();
  const [line] = await lines(`${long}\n`, 1_000);
  expect(line?.length).toBe(20_000_000);
  expect(effort() - began).toBeLessThan(2_000);
});
