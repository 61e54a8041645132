/** No sentence of the doctor goes unread: each stands in a test of this folder as people see it. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const textOf = (path: string) => readFileSync(join(root, path), "utf8");

/** Where its words are written. */
const sources = [
  ...globSync("src/doctor/*.ts", { cwd: root }),
  ...["src/engine/doorbell-away.ts", "src/store/unreachable.ts", "src/doctor.ts"],
];

/** What a test must show of a sentence: the longest part of it that is always the same. */
function sentencesOf(source: string): readonly string[] {
  const code = source.replaceAll(/\/\*\*.*?\*\/|^\s*\/\/.*$/gms, "");
  const literals = code.matchAll(/"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g);
  return [...literals].flatMap(([, plain, template]) => {
    const text = plain ?? template ?? "";
    if (!/ .*[.:]$/s.test(text) || /SELECT |CREATE TEMP/.test(text)) return [];
    const parts = text.split(/\$\{(?:[^{}]|\{[^{}]*\})*\}/);
    return [parts.toSorted((one, other) => other.length - one.length)[0] ?? ""];
  });
}

test("each sentence of the doctor is read by a test", () => {
  const tests = globSync("test/doctor/*.test.ts", { cwd: root })
    .map((path) => textOf(path).replaceAll("\\", ""))
    .join("\n");
  const sentences = sources.flatMap((path) => sentencesOf(textOf(path)));
  expect(sentences.length).toBeGreaterThan(60);
  expect(sentences.filter((sentence) => !tests.includes(sentence.trim()))).toEqual([]);
});
