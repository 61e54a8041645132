/** The last lines of a test run tell the counts and what was left out. */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";

test("the counts stand alone on the last line, after one line for each reason to leave something out", async () => {
  const last = await run({
    "good.test.ts": `test("a", () => {}); test("b", () => {});
      test("c", (context) => context.skip("Redis suites (do this)")); test.skip("d", () => {});`,
    "more.test.ts": `describe("e", () => {
        beforeEach((context) => context.skip("Redis suites (do this)")); test("f", () => {}); test("g", () => {});
      });`,
    "bad.test.ts": `test("h", () => { throw new Error("h"); });`,
    "broken.test.ts": `throw new Error("it does not load");`,
    "hook.test.ts": `describe("i", () => {
        beforeAll(() => { throw new Error("no server"); }); test("j", () => {}); test("k", () => {});
      });`,
  });
  expect(last.slice(-4, -1).toSorted()).toEqual([
    "left out: Redis suites (do this), 3 tests",
    "left out: tests behind a hook that failed, 2 tests",
    "left out: tests that say no reason, 1 test",
  ]);
  expect(last.at(-1)).toBe("2 passed, 3 failed, 6 skipped");
});

test("where all is well there is but the line of counts", async () => {
  const last = await run({ "good.test.ts": `test("a", () => {});` });
  expect(last.at(-1)).toBe("1 passed, 0 failed, 0 skipped");
  expect(last.join("\n")).not.toContain("left out");
});

/** The lines that Vitest prints about these test files. */
async function run(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "shipmate-reporter-"));
  try {
    const reporter = pathToFileURL(join(import.meta.dirname, "reporter.ts")).href;
    const config = `import { counts } from ${JSON.stringify(reporter)};
      export default { test: { globals: true, experimental: { viteModuleRunner: false }, reporters: ["dot", counts()] } };`;
    await writeFile(join(folder, "vitest.config.mjs"), config);
    for (const [name, code] of Object.entries(files)) await writeFile(join(folder, name), code);
    const vitest = join(import.meta.dirname, "..", "node_modules", "vitest", "vitest.mjs");
    const child = spawn(process.execPath, [vitest, "run", "--root", folder], { cwd: folder });
    const [out] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return out.trimEnd().split("\n");
  } finally {
    await rm(folder, { recursive: true });
  }
}
