/** Loads commands/*.ts: one command a file, named like the file (`env-create.ts` is `env create`). */
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import type { CommandDefinition } from "../core/command.ts";
import { parse } from "./grammar.ts";
import { shapesOf } from "./shape.ts";
import { wrong } from "./wrong.ts";

/** Throws, naming the file, where a file is no command or its command could not be said or explained. */
export async function loadCommands(folder: string): Promise<readonly CommandDefinition[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".ts")).sort();
  const commands = await Promise.all(files.map((file) => load(join(folder, file))));
  for (const [i, command] of commands.entries()) {
    const problem = problemOf(command, commands);
    if (problem !== undefined) throw new Error(`${join(folder, files[i] ?? "")}: ${problem}`);
  }
  return commands;
}

/** What keeps a command from being said or explained, or undefined. */
export function problemOf(
  command: CommandDefinition,
  all: readonly CommandDefinition[],
): string | undefined {
  if (!/^[a-z]+( [a-z]+)?$/.test(command.name))
    return `"${command.name}" must be one or two words in lower case`;
  if (all.filter(({ name }) => name === command.name).length > 1)
    return `there are two commands "${command.name}"`;
  if (command.summary.trim() === "") return "it has no summary";
  if (command.examples.length === 0) return "it has no example";
  const shapes = shapesOf(command);
  for (const [word, name] of Object.entries(command.words ?? {}))
    if (!shapes.some((shape) => shape.name === name))
      return `words.${word} means "${name}", which is no argument`;
  for (const { name, noun, says } of shapes)
    if (noun === undefined && says === "") return `"${name}" says nothing of itself: describe it`;
  for (const example of command.examples) {
    const problem = exampleProblem(command, all, example);
    if (problem !== undefined) return `the example "${example}": ${problem}`;
  }
  return undefined;
}

const Loaded = z.object({
  default: z.custom<CommandDefinition>(
    (value) =>
      typeof value === "object" &&
      value !== null &&
      ["name", "summary", "examples", "args", "run"].every((key) => key in value),
    "the file must export a command by default: defineCommand({ ... })",
  ),
});

async function load(file: string): Promise<CommandDefinition> {
  const loaded = Loaded.safeParse(await import(pathToFileURL(file).href));
  if (!loaded.success) throw new Error(`loading ${file}`, { cause: loaded.error });
  const command = loaded.data.default;
  if (command.name.replaceAll(" ", "-") !== basename(file, ".ts"))
    throw new Error(`${file} defines the command "${command.name}": name one like the other`);
  return command;
}

function exampleProblem(
  command: CommandDefinition,
  all: readonly CommandDefinition[],
  example: string,
): string | undefined {
  const parsed = parse(example, all);
  if (parsed.is === "no") return parsed.says;
  if (parsed.command.name !== command.name) return `it says ${parsed.command.name}`;
  for (const shape of shapesOf(command)) {
    const value = parsed.raw[shape.name];
    const says = value === undefined ? undefined : wrong(shape, value);
    if (says !== undefined) return `${shape.name}: ${says}`;
    if (value === undefined && shape.required) return `it leaves out ${shape.name}`;
  }
  return undefined;
}
