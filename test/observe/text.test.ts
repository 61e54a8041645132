import { expect, test } from "vitest";
import { line, plain } from "../../src/observe/text.ts";
import { effort } from "../effort.ts";

test("what people write stays as it is, in any script", () => {
  for (const text of [
    "web 1.4.1 → 1.4.2",
    "Zoë's größe",
    "日本語\n\ttabs stay",
    "שלום",
    "👍🏽",
    "",
  ])
    expect(plain(text)).toBe(text);
});

test("colours and cursor moves go with their parameters", () => {
  expect(plain("\u001B[1;31mred\u001B[0m \u001B[2J\u009B5Agone")).toBe("red gone");
});

test("no control character, direction mark or invisible character is left", () => {
  const bad = [
    "\u0000",
    "\u0007",
    "\b",
    "\r",
    "\u001B",
    "\u007F",
    "\u0085",
    "\u009F",
    "\u200B",
    "\u200D",
    "\u200E",
    "\u200F",
    "\u202A",
    "\u202E",
    "\u2066",
    "\u2069",
    "\u2060",
    "\uFEFF",
    "\u061C",
    "\u00AD",
    "\u{E0041}",
    "\u2028",
  ];
  expect(plain(`pay${bad.join("")}ments`)).toBe("payments");
});

test("a carriage return cannot overwrite what stands before it", () => {
  expect(plain("deploy web\r\nrejected\rapproved")).toBe("deploy web\nrejectedapproved");
});

test("one line stays one line and is cut with an ellipsis", () => {
  expect(line(" a\n\n b\tc ")).toBe("a b c");
  expect(line("abcdef", 4)).toBe("abc…");
  expect(line("ab👍cd", 4)).toBe("ab…");
});

test("a hundred thousand escape characters take no noticeable time", () => {
  const began = effort();
  expect(plain("\u001B[".repeat(50_000)).length).toBe(50_000);
  expect(effort() - began).toBeLessThan(500);
});
