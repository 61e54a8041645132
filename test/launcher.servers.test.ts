/** src/run.mjs brings every script under Node 26, whichever Node it was started with. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const launcher = join(import.meta.dirname, "..", "src", "run.mjs");
/** Makes a Node say that it is an old one. */
const old = `data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.11.0"}})`;
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "shipmate-launcher-"));
});
afterAll(() => rm(folder, { recursive: true }));

for (const [name, options] of [
  ["Node 26", []],
  ["an older Node", ["--import", old]],
] as const) {
  describe(`started with ${name}`, () => {
    test("the script sees its own path and arguments, Node 26 and TypeScript", async () => {
      const shown = await run([...options, launcher, await script(show), "a b", "--c"]);
      const seen = JSON.parse(shown.out);
      expect(seen).toMatchObject({ argv: ["a b", "--c"], major: 26 });
      expect(seen.script).toMatch(/\.ts$/);
      expect(shown).toMatchObject({ code: 0, error: "" });
    });

    test("the script's exit code is the launcher's", async () => {
      const shown = await run([...options, launcher, await script("process.exit(7);")]);
      expect(shown.code).toBe(7);
    });

    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      test(`${signal} reaches the script, which may end as it likes`, async () => {
        const child = start([...options, launcher, await script(ending(signal))]);
        await heard(child, "ready");
        child.kill(signal);
        expect(await ended(child)).toEqual({ code: 5, signal: null });
      });
    }

    test("a script that a signal ended makes the launcher end by the same", async () => {
      const child = start([
        ...options,
        launcher,
        await script("process.kill(process.pid, 'SIGKILL');"),
      ]);
      expect(await ended(child)).toEqual({ code: null, signal: "SIGKILL" });
    });
  });
}

describe("with an older Node", () => {
  test("what the script starts as `node` is Node 26 too", async () => {
    const shown = await run(["--import", old, launcher, await script(show)]);
    expect(JSON.parse(shown.out).path).toBe(dirname(JSON.parse(shown.out).node));
  });

  test("one sentence says what to do where npm has put no Node", async () => {
    const alone = join(folder, "alone", "src", "run.mjs");
    await cp(launcher, alone);
    const shown = await run(["--import", old, alone, await script(show)]);
    expect(shown).toMatchObject({ code: 1, out: "" });
    expect(shown.error).toBe(
      'Shipmate needs Node.js 26 or newer: this is 20.11.0, and there is none in node_modules: run "npm ci", or install Node.js 26.\n',
    );
  });
});

test("one sentence says what is missing where no script is named", async () => {
  const shown = await run([launcher]);
  expect(shown).toMatchObject({ code: 1, out: "" });
  expect(shown.error.split("\n")).toHaveLength(2);
});

const show = `import { stripTypeScriptTypes } from "node:module";
stripTypeScriptTypes("const experimental: string = '';");
const seen: object = {
  script: process.argv[1], argv: process.argv.slice(2), node: process.execPath,
  major: Number.parseInt(process.versions.node, 10), path: process.env["PATH"]?.split(${JSON.stringify(delimiter)})[0],
};
console.log(JSON.stringify(seen));`;

function ending(signal: string): string {
  return `process.on("${signal}", () => process.exit(5)); setInterval(() => undefined, 1000); console.log("ready");`;
}

let scripts = 0;
async function script(body: string): Promise<string> {
  scripts += 1;
  const path = join(folder, `script-${scripts}.ts`);
  await writeFile(path, body);
  return path;
}

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
}

async function run(args: readonly string[]) {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const [out, error, end] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    ended(child),
  ]);
  return { out, error, code: end.code };
}

async function ended(child: ChildProcess) {
  const [code, signal] = await once(child, "exit");
  return { code, signal };
}

async function heard(child: ChildProcess, word: string): Promise<void> {
  for await (const chunk of child.stdout ?? []) if (String(chunk).includes(word)) return;
}
