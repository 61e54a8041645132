/**
 * `npm run mutations [-- name ...]`: takes one guard at a time out of a copy of the project and lets the tests or the
 * simulation look at it. A guard whose loss nobody notices is guarded by nothing.
 */
import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Mutation {
  readonly name: string;
  /** What goes and what comes, each text exactly once in its file. */
  readonly edits: readonly { readonly file: string; readonly out: string; readonly in: string }[];
  /** Who should notice: a test file and its project, or so many seeds. */
  readonly by: { readonly tests: string; readonly project: "quick" | "servers" } | number;
}

const never = "(false as boolean)";
const mutations: readonly Mutation[] = [
  {
    name: "effect key",
    edits: [
      {
        file: "src/engine/effect.ts",
        out: "return sha256([c.progress.run.id, c.step, place, c.plan().digest]).slice(0, 32);",
        in: 'return crypto.randomUUID().replaceAll("-", "");',
      },
    ],
    by: 40,
  },
  {
    name: "fence",
    edits: [{ file: "src/engine/operations.ts", out: "      await fence();\n", in: "" }],
    by: 40,
  },
  {
    name: "epoch",
    edits: [
      {
        file: "src/store/journal.ts",
        out: "AND r.epoch = p.epoch AND r.rev >= p.rev",
        in: "AND r.rev >= p.rev",
      },
      {
        file: "src/store/runs.ts",
        out: "WHERE id = $1 AND epoch = $2 AND rev >= $3",
        in: "WHERE id = $1 AND $2::bigint > 0 AND rev >= $3",
      },
      {
        file: "src/store/runs.ts",
        out: "WHERE epoch = $2 AND id = $1 AND rev >= $3",
        in: "WHERE $2::bigint > 0 AND id = $1 AND rev >= $3",
      },
    ],
    by: { tests: "test/store/together.test.ts", project: "quick" },
  },
  {
    name: "fence in SQL",
    edits: [
      {
        file: "src/store/journal.ts",
        out: "COALESCE(rev, shipmate.keep_back(id, claim, seen)) AS rev",
        in: "rev",
      },
      {
        file: "src/store/runs.ts",
        out: "COALESCE((SELECT rev FROM mine), shipmate.keep_back($1, $2, $3)) AS rev",
        in: "(SELECT rev FROM mine) AS rev",
      },
    ],
    by: { tests: "test/store/together.test.ts", project: "quick" },
  },
  {
    name: "digest compare",
    edits: [
      {
        file: "src/engine/change.ts",
        out: "if (again.digest !== plan.digest) {",
        in: `if (${never}) {`,
      },
    ],
    by: { tests: "test/engine/scenarios.test.ts", project: "quick" },
  },
  {
    name: "unique index",
    edits: [
      {
        file: "src/store/migrations.ts",
        out: "CREATE UNIQUE INDEX votes_one",
        in: "CREATE INDEX votes_one",
      },
      {
        file: "src/store/plans.ts",
        out: "ON CONFLICT (run, step, digest, person) WHERE withdrawn_at IS NULL DO NOTHING",
        in: "",
      },
    ],
    by: { tests: "test/store/plans.test.ts", project: "quick" },
  },
  {
    name: "signature window",
    edits: [
      {
        file: "src/surfaces/slack/slack.ts",
        out: "if (stamp !== undefined && !(",
        in: `if (${never} && !(`,
      },
    ],
    by: { tests: "test/surfaces/slack/slack.test.ts", project: "quick" },
  },
  {
    name: "lease renewal",
    edits: [
      {
        file: "src/engine/drive.ts",
        out: "  }, leaseLength / 5);",
        in: "  }, leaseLength * 1_000_000);",
      },
    ],
    by: 200,
  },
  {
    name: "find after unknown outcome",
    edits: [
      {
        file: "src/engine/effect.ts",
        out: "    if (c.progress.has(intent) && !fresh) {",
        in: `    if (c.progress.has(intent) && ${never}) {`,
      },
    ],
    by: 100,
  },
  {
    name: "own intent",
    edits: [
      {
        file: "src/engine/progress.ts",
        out: "isFresh: (intent) => fresh.delete(intent),",
        in: "isFresh: (intent) => entries.has(intent),",
      },
    ],
    by: 100,
  },
  {
    name: "folder lock",
    edits: [
      {
        file: "src/store/folder.ts",
        out: "if (other === undefined) return keep(",
        in: "return keep(",
      },
    ],
    by: { tests: "test/store/folder.servers.test.ts", project: "servers" },
  },
  {
    name: "message look-up",
    edits: [
      {
        file: "src/engine/projector.ts",
        out: "if (ref === null && message.attempts > 0 && surface.find)",
        in: `if (${never} && surface.find)`,
      },
    ],
    by: { tests: "test/engine/projector.test.ts", project: "quick" },
  },
  {
    name: "message claim",
    edits: [
      {
        file: "src/store/posted.ts",
        out: "WHERE id = $1 AND attempts = $2 AND ref IS NULL",
        in: "WHERE id = $1 AND $2::integer >= 0",
      },
    ],
    by: { tests: "test/store/messages.test.ts", project: "quick" },
  },
  {
    name: "holder goes on",
    edits: [
      {
        file: "src/store/locks.ts",
        out: "NOT EXISTS (SELECT FROM shipmate.locks WHERE run = $2 AND step = $3 AND held)",
        in: "true",
      },
    ],
    by: { tests: "test/store/locks.test.ts", project: "quick" },
  },
];

const root = join(import.meta.dirname, "..");
const parts = ["src", "test", "commands", "workflows", "manifests", "bench", "docs"];
const files = ["package.json", "tsconfig.json", "vitest.config.ts", "biome.json"];

const asked = process.argv.slice(2);
const chosen = mutations.filter(({ name }) => asked.length === 0 || asked.includes(name));
const copy = await mkdtemp(join(tmpdir(), "shipmate-mutant-"));
try {
  for (const name of [...parts, ...files])
    await cp(join(root, name), join(copy, name), { recursive: true });
  await symlink(join(root, "node_modules"), join(copy, "node_modules"), "dir");
  await whole();
  let noticed = 0;
  for (const mutation of chosen) {
    const back = await mutate(mutation);
    const began = performance.now();
    const fails = !(await passes(mutation.by));
    await back();
    noticed += fails ? 1 : 0;
    const seconds = Math.round((performance.now() - began) / 1_000);
    console.log(
      `${fails ? "noticed    " : "NOT NOTICED"} ${mutation.name}, by ${told(mutation.by)} (${seconds} s)`,
    );
  }
  console.log(`${noticed} of ${chosen.length} noticed`);
  process.exitCode = noticed === chosen.length ? 0 : 1;
} finally {
  await rm(copy, { recursive: true, force: true });
}

/** With all guards in place nobody may complain, or noticing would mean nothing. */
async function whole(): Promise<void> {
  const seeds = chosen.flatMap(({ by }) => (typeof by === "number" ? [by] : []));
  const tests = chosen.flatMap(({ by }) => (typeof by === "number" ? [] : [by]));
  for (const by of [...tests, ...(seeds.length > 0 ? [Math.max(...seeds)] : [])])
    if (!(await passes(by))) throw new Error(`with all guards in place ${told(by)} fails`);
}

/** Gives the way back. Throws where a text does not stand exactly once in its file. */
async function mutate({ name, edits }: Mutation): Promise<() => Promise<void>> {
  const before = new Map<string, string>();
  for (const edit of edits) {
    const file = join(copy, edit.file);
    const text = await readFile(file, "utf8");
    if (text.split(edit.out).length !== 2)
      throw new Error(`"${name}" is out of date: ${edit.file} has not exactly one "${edit.out}"`);
    if (!before.has(file)) before.set(file, text);
    await writeFile(
      file,
      text.replace(edit.out, () => edit.in),
    );
  }
  return async () => {
    for (const [file, text] of before) await writeFile(file, text);
  };
}

function passes(by: Mutation["by"]): Promise<boolean> {
  const args =
    typeof by === "number"
      ? ["test/sim/main.ts", "--seeds", String(by), "--stop"]
      : [...["node_modules/vitest/vitest.mjs", "run", "--project", by.project], by.tests];
  const child = spawn(process.execPath, args, { cwd: copy, stdio: "ignore" });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code === 0));
  });
}

function told(by: Mutation["by"]): string {
  return typeof by === "number" ? `${by} seeds` : by.tests;
}
