/** The last lines of a test run tell the counts and what was left out; a file keeps what failed. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
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

test("what failed is kept in a file by project, file, title and reason; what passed is not told one by one", async () => {
  const kept = join(await mkdtemp(join(tmpdir(), "shipmate-failures-")), "failures");
  const lines = await run(
    {
      "good.test.ts": `test("a good one", () => {});`,
      "bad.test.ts": `describe("b", () => {
          test("c", () => expect([1]).toEqual([2]));
          test("d", () => { throw new Error("one\\n\\ntwo\\n" + "more\\n".repeat(90)); });
        });`,
      "broken.test.ts": `throw new Error("it does not load");`,
      "hook.test.ts": `describe("e", () => {
          beforeAll(() => { throw new Error("no server"); }); test("f", () => {});
        });`,
      "late.test.ts": `test("g", () => { setTimeout(() => { throw new Error("too late"); }); });
        test("h", () => new Promise((done) => setTimeout(done, 200)));`,
    },
    `brief(${JSON.stringify(kept)})`,
  );
  const told = (await readFile(kept, "utf8")).split("\n");
  await rm(dirname(kept), { recursive: true });
  const about = (start: string): readonly string[] => {
    const from = told.findIndex((line) => line.startsWith(start));
    const to = told.findIndex((line, index) => index > from && !line.startsWith("    "));
    return from < 0 ? [] : told.slice(from + 1, to).map((line) => line.trim());
  };
  expect(about("mine bad.test.ts > b > c")).toEqual(
    expect.arrayContaining([
      "expected [ 1 ] to deeply equal [ 2 ]",
      expect.stringMatching(/^at .*bad\.test\.ts:2$/),
    ]),
  );
  expect(about("mine bad.test.ts > b > d").slice(0, 3)).toEqual(["one", "two", "more"]);
  expect(about("mine bad.test.ts > b > d").length).toBeLessThanOrEqual(15);
  expect(about("mine broken.test.ts")[0]).toBe("it does not load");
  expect(about("mine hook.test.ts > e")[0]).toBe("no server");
  expect(about("outside of any test")[0]).toBe("too late");
  expect(told.join("\n")).not.toContain("a good one");
  expect(lines.join("\n")).not.toContain("good.test.ts");
});

/** The lines that Vitest prints about these test files. */
async function run(
  files: Readonly<Record<string, string>>,
  reporters = `["dot", counts()]`,
): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "shipmate-reporter-"));
  try {
    const reporter = pathToFileURL(join(import.meta.dirname, "reporter.ts")).href;
    const config = `import { brief, counts } from ${JSON.stringify(reporter)};
      export default { test: { name: "mine", globals: true, experimental: { viteModuleRunner: false }, reporters: ${reporters} } };`;
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
