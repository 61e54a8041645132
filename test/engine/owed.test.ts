/** What a drive writes a moment later, and what is never written before it. */
import { expect, test } from "vitest";
import { openProgress } from "../../src/engine/progress.ts";
import type { Claim } from "../../src/store/claims.ts";
import type { Database } from "../../src/store/database.ts";
import { Fenced } from "../../src/store/database.ts";
import type { Put } from "../../src/store/journal.ts";

const claim = { id: "run", epoch: 1, rev: 0, now: 0, tries: 1 } as Claim;
const saw = (name: string) => [{ key: `${name}/saw`, value: name }];
const later = { soft: true, later: "moment" } as const;

/** A progress whose writes are kept here, each for as long as `hold` says. */
async function opened(hold: (put: Put) => Promise<void> = async () => {}) {
  const written: Put[] = [];
  const put = async (one: Put) => {
    await hold(one);
    written.push(one);
    return { now: 0, rev: written.length };
  };
  const read = async () => ({
    ...{ journal: new Map(), presses: new Map(), plans: [], votes: [], now: 0, lines: new Set("") },
  });
  const park = async () => {};
  const together = { database: {} as Database, read, put, park };
  const progress = await openProgress(together, claim, new AbortController().signal);
  const keys = () => written.map(({ entries }) => entries.map(({ key }) => key));
  return { progress, written, keys };
}

test("what may come later is known at once, and goes along with what is put next, before it", async () => {
  const { progress, written, keys } = await opened();
  await progress.put(saw("one"), later);
  await progress.put(saw("two"), later);
  expect(progress.has("one/saw")).toBe(true);
  expect(written).toEqual([]);
  await progress.put([{ key: "plan", value: 1 }]);
  expect(keys()).toEqual([["one/saw", "two/saw", "plan"]]);
  expect(written[0]?.soft).toBe(false);
});

test("where nothing comes it is written alone", async () => {
  const { progress, written, keys } = await opened();
  await progress.put(saw("one"), later);
  await expect.poll(keys).toEqual([["one/saw"]]);
  expect(written[0]?.soft).toBe(true);
  await progress.put([{ key: "done", value: 1 }], { later: "turn" });
  await expect.poll(keys).toEqual([["one/saw"], ["done"]]);
  expect(written[1]?.soft).toBe(false);
});

test("nothing is written before what it may rest on, however long that takes", async () => {
  const gate = Promise.withResolvers<void>();
  const begun: string[] = [];
  const { progress, keys } = await opened(async ({ entries: [first] }) => {
    begun.push(first?.key ?? "");
    if (first?.key === "one/saw") await gate.promise;
  });
  await progress.put(saw("one"), later);
  await expect.poll(() => begun).toEqual(["one/saw"]);
  const put = progress.put([{ key: "plan", value: 1 }]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(begun).toEqual(["one/saw"]);
  gate.resolve();
  await put;
  expect(keys()).toEqual([["one/saw"], ["plan"]]);
});

test("where it is kept back nothing is written after it, and the drive is over", async () => {
  const { progress, keys } = await opened(async ({ entries: [first] }) => {
    if (first?.key === "one/saw") throw new Fenced("somebody else has it");
  });
  await progress.put(saw("one"), later);
  await expect(progress.broken).rejects.toThrow(Fenced);
  let came = false;
  void progress.put([{ key: "plan", value: 1 }]).then(() => {
    came = true;
  });
  await expect(progress.settled()).rejects.toThrow(Fenced);
  await expect(progress.owed()).rejects.toThrow(Fenced);
  await new Promise((resolve) => setImmediate(resolve));
  expect([came, keys()]).toEqual([false, []]);
});

test("of a key the last value counts", async () => {
  const { progress, written } = await opened();
  await progress.put([{ key: "kept", value: 1 }], later);
  await progress.put([{ key: "kept", value: 2 }], later);
  await progress.settled();
  expect(written.map(({ entries }) => entries)).toEqual([[{ key: "kept", value: 2 }]]);
});

test("whoever ends the run has what was not written yet, and it is not written twice", async () => {
  const { progress, written } = await opened();
  await progress.put([{ key: "did", value: 1 }], { shows: true, later: "turn" });
  const body = async () => {};
  const closing = { what: "the end", entries: [{ key: "end", value: 1 }], body, how: {} };
  progress.close({ ...closing, after: () => {} });
  const { entries, soft } = await progress.owed();
  expect(entries.map(({ key }) => key)).toEqual(["did", "end"]);
  expect(soft).toBe(false);
  await new Promise((resolve) => setImmediate(resolve));
  expect(written).toEqual([]);
});
