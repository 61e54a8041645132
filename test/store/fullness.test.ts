import { expect, test } from "vitest";
import { Unavailable } from "../../src/store/database.ts";
import { fullness } from "../../src/store/fullness.ts";

const full = Object.assign(new Error("could not extend file"), { code: "53100" });
const gave = (command: string, count: number) => [{ command, count, rows: [] }];

test("a refusal for want of room is told until something is written again", () => {
  const disk = fullness(() => 0);
  expect(disk.full()).toBe(false);
  expect(() => disk.refused(full)).toThrow(Unavailable);
  disk.wrote(gave("SELECT", 3));
  disk.wrote(gave("UPDATE", 0));
  expect(disk.full(), "neither of these needed room").toBe(true);
  disk.wrote(gave("INSERT", 1));
  expect(disk.full()).toBe(false);
});

test("an old refusal says nothing any more, and another error nothing at all", () => {
  let now = 0;
  const disk = fullness(() => now);
  disk.refused(Object.assign(new Error("duplicate key"), { code: "23505" }));
  expect(disk.full()).toBe(false);
  expect(() => disk.refused(full)).toThrow(Unavailable);
  now = 20_000;
  expect(disk.full()).toBe(false);
});
