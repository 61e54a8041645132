import { describe, expect, test } from "vitest";
import { verbatim } from "../../../src/surfaces/adaptive/verbatim.ts";

/** What CommonMark makes of a backslash before ASCII punctuation. */
const shown = (text: string) => text.replace(/\\([!-/:-@[-`{-~])/g, "$1");

describe("a text is shown exactly as it is", () => {
  test.each([
    "web 1.4.2 runs in production.",
    "**not bold**, _not italic_, `not code`, ~~not gone~~",
    "[not a link](https://evil.example) https://evil.example www.evil.example mailto:a@b.example",
    "<at>everyone</at> <https://evil.example> &lt;",
    "# not a heading\n- not a list\n+ nor this\n1. nor this\n2) nor this\n> nor a quote",
    "a\\b \\* \\\\",
    "| not | a table |\n===",
    "{{DATE(2026-01-01T00:00:00Z)}}",
  ])("%s", (text) => {
    expect(shown(verbatim(text))).toBe(text);
  });
});

test("plain words carry no backslash", () => {
  const sentence = "1.5.0 did not start (exit code 1), so 1.4.2 runs again. Nothing else changed.";
  expect(verbatim(sentence)).toBe(sentence);
});

test("nothing that hides or turns text around survives", () => {
  expect(verbatim("a\u202Eb\u200Bc\u001B[31md")).toBe("abcd");
});
