/** The house keeps its own rules: each is read from the sources, and each is shown to catch what breaks it. */
import { globSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { describe, expect, test } from "vitest";
import { breaks } from "./architecture.ts";
import { importsOf, readsEnvironment } from "./imports.ts";

const root = join(import.meta.dirname, "..");

test("src/, commands/ and workflows/ keep every rule", () => {
  const paths = globSync("{src,commands,workflows}/**/*.ts", { cwd: root });
  expect(paths.length).toBeGreaterThan(0);
  const sources = paths.map(
    (path) => [path.split(sep).join("/"), readFileSync(join(root, path), "utf8")] as const,
  );
  expect(breaks(new Map(sources))).toEqual([]);
});

describe("a break of a rule is found:", () => {
  for (const [what, path, code, found] of [
    [
      "an import that points up",
      "src/core/card.ts",
      'import { x } from "../engine/door.ts";',
      "point down only",
    ],
    [
      "a type import that points up",
      "src/store/runs.ts",
      'import type { X } from "../engine/x.ts";',
      "point down only",
    ],
    [
      "a re-export that points up",
      "src/roles/x.ts",
      'export * from "../web/x.ts";',
      "point down only",
    ],
    [
      "a dynamic import that points up",
      "src/engine/x.ts",
      'export const x = () => import("../main.ts");',
      "point down only",
    ],
    [
      "an import of the settings",
      "src/engine/x.ts",
      'import { x } from "../config.ts";',
      "point down only",
    ],
    [
      "a neighbour of the same rank",
      "src/store/x.ts",
      'import { x } from "../policy/x.ts";',
      "of one rank",
    ],
    [
      "another provider",
      "src/providers/local/x.ts",
      'import { x } from "../github/x.ts";',
      "of one rank",
    ],
    [
      "another surface",
      "src/surfaces/slack/x.ts",
      'import { x } from "../teams/x.ts";',
      "of one rank",
    ],
    [
      "a folder of its own house that points the other way",
      "src/providers/kubernetes/api/x.ts",
      'import { x } from "../carry/x.ts";',
      "one way only",
    ],
    [
      "a folder that has no rank",
      "src/helpers/x.ts",
      'import { x } from "../core/x.ts";',
      "without a rank",
    ],
    [
      "an import from outside of src",
      "src/engine/x.ts",
      'import x from "../../commands/x.ts";',
      "not in src/",
    ],
    [
      "a module of Node in core",
      "src/core/x.ts",
      'import { hash } from "node:crypto";',
      "core imports zod only",
    ],
    [
      "a package in core",
      "src/core/x.ts",
      'import { parse } from "yaml";',
      "core imports zod only",
    ],
    [
      "Slack's SDK in the engine",
      "src/engine/x.ts",
      'import { App } from "@slack/bolt";',
      "whose place",
    ],
    [
      "Slack's SDK in another surface",
      "src/surfaces/teams/x.ts",
      'import { App } from "@slack/bolt";',
      "whose place",
    ],
    [
      "Kubernetes' SDK outside of its provider",
      "src/providers/local/x.ts",
      'import k from "@kubernetes/client-node";',
      "whose place",
    ],
    [
      "GitHub's SDK outside of its provider",
      "src/engine/x.ts",
      'import { Octokit } from "@octokit/rest";',
      "whose place",
    ],
    [
      "Teams' SDK outside of its surface",
      "src/web/x.ts",
      'import b from "botbuilder";',
      "whose place",
    ],
    [
      "PostgreSQL outside of the store",
      "src/engine/x.ts",
      'import { Pool } from "pg";',
      "whose place",
    ],
    [
      "PGlite outside of the store",
      "src/main.ts",
      'import { PGlite } from "@electric-sql/pglite";',
      "whose place",
    ],
    [
      "BullMQ outside of the doorbell",
      "src/engine/timers.ts",
      'import { Queue } from "bullmq";',
      "whose place",
    ],
    [
      "ioredis outside of the doorbell",
      "src/store/x.ts",
      'import { Redis } from "ioredis";',
      "whose place",
    ],
    ["pino outside of observe", "src/main.ts", 'import { pino } from "pino";', "whose place"],
    [
      "preact outside of the web",
      "src/surfaces/console/x.ts",
      'import { h } from "preact";',
      "whose place",
    ],
    [
      "a package that nobody knows",
      "src/web/x.ts",
      'import x from "left-pad";',
      "no place is known",
    ],
    [
      "a module of Node without its prefix",
      "src/web/x.ts",
      'import fs from "fs";',
      "no place is known",
    ],
    [
      "a computed import",
      "src/engine/x.ts",
      "export const x = (n: string) => import(n);",
      "computed name",
    ],
    [
      "an import put together",
      "src/engine/x.ts",
      'export const x = () => import("../" + "main.ts");',
      "computed name",
    ],
    [
      "a command that imports the engine",
      "commands/x.ts",
      'import { x } from "../src/engine/x.ts";',
      "only shipmate, zod, commands/ and workflows/",
    ],
    [
      "a command that imports a module of Node",
      "commands/x.ts",
      'import fs from "node:fs";',
      "only shipmate",
    ],
    [
      "a workflow that imports a command",
      "workflows/x.ts",
      'import { x } from "../commands/x.ts";',
      "only shipmate, zod and workflows/",
    ],
    [
      "a workflow that imports a package",
      "workflows/parts/x.ts",
      'export { x } from "pg";',
      "only shipmate",
    ],
    [
      "the environment",
      "src/engine/x.ts",
      'export const x = process.env["X"];',
      "reads the environment",
    ],
    [
      "the environment, in brackets",
      "src/main.ts",
      'export const x = process["env"];',
      "reads the environment",
    ],
    [
      "the environment, taken apart",
      "src/main.ts",
      "const { env } = process;",
      "reads the environment",
    ],
    [
      "the environment, imported",
      "src/main.ts",
      'import { env } from "node:process";',
      "reads the environment",
    ],
    ["a file of more than 400 lines", "src/web/x.ts", "\n".repeat(399), "401 lines"],
  ] as const) {
    test(what, () => {
      const [sentence, ...others] = breaks(new Map([[path, `/** A file. */\n${code}\n`]]));
      expect(sentence).toContain(path);
      expect(sentence).toContain(found);
      expect(others).toEqual([]);
    });
  }

  test("a file that does not say what it is", () => {
    for (const code of ["export const x = 1;\n", "// A file.\n", "/* A file. */\n", "/***/\n"])
      expect(breaks(new Map([["workflows/x.ts", code]]))).toEqual([
        expect.stringContaining("what it is"),
      ]);
  });

  test("a ring of imports, of types too, is told once", () => {
    const files = {
      "src/core/a.ts": '/** A. */\nimport { b } from "./b.ts";\n',
      "src/core/b.ts": '/** B. */\nimport type { C } from "./c.ts";\n',
      "src/core/c.ts": '/** C. */\nexport * from "./a.ts";\n',
      "src/core/d.ts": '/** D. */\nimport { a } from "./a.ts";\n',
    };
    expect(breaks(new Map(Object.entries(files)))).toEqual([
      "src/core/a.ts imports src/core/b.ts imports src/core/c.ts imports src/core/a.ts: a ring of imports.",
    ]);
  });
});

test("what the rules allow is no break", () => {
  const files = {
    "src/main.ts": 'import { c } from "./config.ts";\nimport "./engine/x.ts";\nawait import(c);\n',
    "src/config.ts": "export const c = process.env;\n",
    "src/engine/load-commands.ts": "export const x = (name: string) => import(name);\n",
    "src/engine/x.ts": 'import { x } from "../providers/local/x.ts";\nimport { z } from "zod";\n',
    "src/engine/doorbell-redis.ts":
      'import { Queue } from "bullmq";\nimport { Redis } from "ioredis";\n',
    "src/providers/local/x.ts":
      'import { y } from "./y.ts";\nimport { spawn } from "node:child_process";\n',
    "src/core/card.ts": 'import { z } from "zod";\n',
    "commands/x.ts":
      'import { d } from "shipmate";\nimport { w } from "../workflows/w.ts";\nimport { y } from "./y.ts";\n',
    "workflows/w.ts": 'import { z } from "zod";\nimport { p } from "./parts/p.ts";\n',
    "workflows/parts/p.ts": 'import { q } from "../q.ts";\n',
  };
  const sources = Object.entries(files).map(
    ([path, code]) => [path, `/** A file. */\n${code}`] as const,
  );
  expect(breaks(new Map(sources))).toEqual([]);
});

describe("the reader of imports", () => {
  test("finds every way to write one", () => {
    const source = `import a from "1"; import { b, type C } from '2'; import type { D } from "3"; import * as e from "4";
      import "5"; export { f } from "6"; export * from "7"; export type { G } from "8";
      const h = await import("9"); type I = import("10").I; const j = import("11", { with: { type: "json" } });
      import k, {
        from,
      } from "12"; import json from "13" with { type: "json" }; const l = require("14"); import(\`15\`);`;
    expect(importsOf(source)).toEqual(Array.from({ length: 15 }, (_, place) => String(place + 1)));
  });

  test("is not taken in by comments, texts, templates and regular expressions", () => {
    const source = `// import "1"
      /* import "2" */ const a = 'import "3"'; const b = "\\" import '4'"; const c = \`import "5" \${d} import "6"\`;
      const e = /import "7"/; const f = 1 / 2; const g = x.import("8"); const h = [/["'\`]/u, /[/"]/];
      Array.from("9"); import.meta.resolve("10"); const i = { from: "11" };
      const j = \`\${{ k: \`\${l}\` }} from "12"\`; const m = \`\${from} 13\`; const n = \`\${from}\`;`;
    expect(importsOf(source)).toEqual([]);
  });

  test("reads on after all of these", () => {
    const source = `const a = /[\`"]/; const b = \`\${c ? \`}\` : "\`"}\`; const d = a / b;
      import "found"; // it's
      import("too");`;
    expect(importsOf(source)).toEqual(["found", "too"]);
    expect(importsOf(`const a = \`\${await import("inside")}\`;`)).toEqual(["inside"]);
  });

  test("tells the environment from what only sounds like it", () => {
    expect(readsEnvironment("process.env; ")).toBe(true);
    expect(readsEnvironment("process?.env")).toBe(true);
    expect(readsEnvironment('import { pid, env } from "node:process";')).toBe(true);
    expect(readsEnvironment('import process from "node:process";')).toBe(true);
    expect(readsEnvironment('const { env } = await import("node:process");')).toBe(true);
    expect(readsEnvironment('import { platform } from "node:process";')).toBe(false);
    expect(
      readsEnvironment('"process.env"; // process.env\nprocess.pid; my.process; environment'),
    ).toBe(false);
  });
});
