/** The linter keeps clock, randomness, I/O and foreign imports out of workflows/, and only there. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";

const root = join(import.meta.dirname, "..");

const forbidden = [
  ["the clock", "export const x = new Date();", "noRestrictedGlobals"],
  ["the clock's number", "export const x = () => Date.now();", "noRestrictedGlobals"],
  ["performance", "export const x = () => performance.now();", "noRestrictedGlobals"],
  ["Math.random", "export const x = () => Math.random();", "noJsRestrictedProperties"],
  ["crypto", "export const x = () => crypto.randomUUID();", "noRestrictedGlobals"],
  ["fetch", 'export const x = () => fetch("http://x");', "noRestrictedGlobals"],
  ["setTimeout", "export const x = (f: () => void) => setTimeout(f, 1);", "noRestrictedGlobals"],
  ["setInterval", "export const x = (f: () => void) => setInterval(f, 1);", "noRestrictedGlobals"],
  ["setImmediate", "export const x = (f: () => void) => setImmediate(f);", "noRestrictedGlobals"],
  ["process", "export const x = () => process.env;", "noRestrictedGlobals"],
  ["console", 'export const x = () => console.log("x");', "noRestrictedGlobals"],
  ["globalThis", "export const x = () => globalThis;", "noRestrictedGlobals"],
  ["a module of Node", 'import fs from "node:fs";\n\nexport const x = fs;', "noRestrictedImports"],
  ["a dynamic import", 'export const x = () => import("node:fs");', "noRestrictedImports"],
  ["a re-export", 'export { readFile } from "node:fs";', "noRestrictedImports"],
  [
    "a type import",
    'import type { Stats } from "node:fs";\n\nexport type X = Stats;',
    "noRestrictedImports",
  ],
  [
    "a package",
    'import { Redis } from "ioredis";\n\nexport const x = Redis;',
    "noRestrictedImports",
  ],
  [
    "the inside of src",
    'import { x } from "../src/main.ts";\n\nexport const y = x;',
    "noRestrictedImports",
  ],
  [
    "a command",
    'import { x } from "../commands/deploy.ts";\n\nexport const y = x;',
    "noRestrictedImports",
  ],
] as const;

const allowed = `import { defineWorkflow } from "shipmate";
import { z } from "zod";
import { other } from "./other.ts";
import { release } from "./parts/release.ts";

export const x = [defineWorkflow, z, release, other];
`;
const files = new Map([
  ...forbidden.map(([, code], place) => [`workflows/forbidden-${place}.ts`, code] as const),
  ["workflows/allowed.ts", allowed],
  [
    "workflows/parts/allowed.ts",
    'import { other } from "../other.ts";\n\nexport const x = other;\n',
  ],
  [
    "src/elsewhere.ts",
    'import fs from "node:fs";\n\nexport const x = [fs, Date.now(), Math.random()];\n',
  ],
]);
let found: ReadonlyMap<string, readonly string[]> = new Map();

beforeAll(async () => {
  found = await lint(files);
});

describe("in workflows/", () => {
  for (const [place, [what, , rule]] of forbidden.entries()) {
    test(`${what} is an error`, () => {
      expect(found.get(`workflows/forbidden-${place}.ts`)).toContain(rule);
    });
  }

  test("shipmate, zod and other files of workflows/ are no error", () => {
    expect(found.get("workflows/allowed.ts")).toBeUndefined();
    expect(found.get("workflows/parts/allowed.ts")).toBeUndefined();
  });
});

test("elsewhere clock, randomness and I/O are no error", () => {
  expect(found.get("src/elsewhere.ts")).toBeUndefined();
});

const Report = z.object({
  diagnostics: z.array(
    z.object({
      category: z.string(),
      severity: z.string(),
      location: z.object({ path: z.string() }),
    }),
  ),
});

/** The names of the rules that each of these files breaks, with the project's own settings. */
async function lint(
  texts: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const folder = await mkdtemp(join(tmpdir(), "shipmate-lint-"));
  try {
    await copyFile(join(root, "biome.json"), join(folder, "biome.json"));
    for (const [path, code] of texts) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), code);
    }
    const biome = join(root, "node_modules", "@biomejs", "biome", "bin", "biome");
    const options = ["lint", "--reporter=json", "--max-diagnostics=none", "--vcs-enabled=false"];
    const child = spawn(process.execPath, [biome, ...options], { cwd: folder });
    const [out] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
    const broken = new Map<string, string[]>();
    for (const { category, location } of Report.parse(JSON.parse(out)).diagnostics) {
      const path = location.path.replaceAll("\\", "/");
      broken.set(path, [...(broken.get(path) ?? []), category.split("/").at(-1) ?? category]);
    }
    return broken;
  } finally {
    await rm(folder, { recursive: true });
  }
}
