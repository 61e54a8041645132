/** Help and the loading of commands. */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { CommandDefinition } from "../../src/core/command.ts";
import { helpOf, usage } from "../../src/engine/help.ts";
import { loadCommands, problemOf } from "../../src/engine/load-commands.ts";

const folder = join(import.meta.dirname, "../../commands");
let commands: readonly CommandDefinition[];
beforeAll(async () => {
  commands = await loadCommands(folder);
});

test("help knows exactly the files in commands/", async () => {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".ts"));
  expect(
    helpOf(commands)
      .map(({ name }) => `${name.replace(" ", "-")}.ts`)
      .sort(),
  ).toEqual(files.sort());
});

test("the commands of the house are all there", () => {
  expect(commands.map(({ name }) => name).sort()).toEqual(
    "adopt approve cancel deploy diff draft environments events help history logs press queue reject remove restart retry rollback runs scale services status unfollow whoami why withdraw".split(
      " ",
    ),
  );
});

test("how a command is typed follows from its definition", () => {
  expect(commands.map(usage)).toEqual([
    "adopt <service> in <environment>",
    "approve <run> [digest=<digest>]",
    "cancel <run>",
    "deploy <service> <version> to <environment>",
    "diff [<service>] between <environment> and <environment>",
    "draft <name> <image> [replicas=<replicas>] [port=<port>] [host=<host>] [database=<database>]",
    "environments",
    "events <service> in <environment> [since=<since>]",
    "help [<command>]",
    "history <service> in <environment>",
    "logs <service> in <environment> [since=<since>] [search=<search>] [follow] [previous] [tail=<tail>]",
    "press <run> <button>",
    "queue [<service>] [in <environment>]",
    "reject <run> [digest=<digest>] [because <text>]",
    "remove <service> from <environment> <confirm>",
    "restart <service> in <environment>",
    "retry <run>",
    "rollback <service> in <environment> [to <version>]",
    "runs [<service>] [in <environment>]",
    "scale <service> to <replicas> in <environment>",
    "services [<owner>]",
    "status <service> [in <environment>]",
    "unfollow",
    "whoami",
    "why <run>",
    "withdraw <run>",
  ]);
});

test("every argument says what it is", () => {
  for (const { name, takes = [] } of helpOf(commands))
    for (const one of takes) expect(one.says, `${name} ${one.name}`).not.toBe("");
});

describe("a command that could not be said is refused at the start", () => {
  const good: CommandDefinition = {
    name: "greet",
    summary: "Says hello",
    examples: ["greet ada"],
    args: { who: z.string().describe("whom") },
    run: () => ({ title: "" }),
  };
  const problem = (part: Partial<CommandDefinition>, ...others: CommandDefinition[]) => {
    const command: CommandDefinition = { ...good, ...part };
    return problemOf(command, [command, ...others]);
  };
  test("a good one has no problem", () => expect(problem({})).toBeUndefined());
  test.each([
    [{ name: "Greet Me" }, '"Greet Me" must be one or two words in lower case'],
    [{ summary: " " }, "it has no summary"],
    [{ examples: [] }, "it has no example"],
    [{ examples: ["greet"] }, 'the example "greet": it leaves out who'],
    [
      { examples: ["greet ada and grace"] },
      'the example "greet ada and grace": "and" fits nothing in greet. Say it like this: greet ada and grace',
    ],
    [
      { examples: ["great ada"] },
      'the example "great ada": No command "great". Did you mean greet?',
    ],
    [{ args: { who: z.int().describe("whom") } }, 'the example "greet ada": who: Say a number.'],
    [{ args: { who: z.string() } }, '"who" says nothing of itself: describe it'],
    [{ words: { to: "whom" } }, 'words.to means "whom", which is no argument'],
  ])("%j", (part, wanted) => {
    expect(problem(part)).toBe(wanted);
  });
  test("two of one name", () => expect(problem({}, good)).toBe('there are two commands "greet"'));

  describe("from a file", () => {
    let made: string;
    beforeAll(async () => {
      made = await mkdtemp(join(tmpdir(), "commands-"));
    });
    afterAll(() => rm(made, { recursive: true }));
    test("that exports none, or another name than its own", async () => {
      await writeFile(join(made, "one.ts"), "export default 1;");
      await expect(loadCommands(made)).rejects.toThrow(/loading .*one\.ts/);
      await writeFile(join(made, "one.ts"), "");
      await rm(join(made, "one.ts"));
      await writeFile(
        join(made, "two.ts"),
        'export default { name: "three", summary: "s", examples: ["three"], args: {}, run: () => ({ title: "" }) };',
      );
      await expect(loadCommands(made)).rejects.toThrow('two.ts defines the command "three"');
    });
  });
});
