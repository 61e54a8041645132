/** What people can say in a simulation: the project's own commands, and one that begins what a seed drew. */
import { join } from "node:path";
import { z } from "zod";
import { type CommandDefinition, defineCommand } from "../../src/core/command.ts";
import { refuse } from "../../src/core/refusal.ts";
import { loadCommands } from "../../src/engine/load-commands.ts";
import type { Wish } from "./mix.ts";

const own = await loadCommands(join(import.meta.dirname, "../../commands"));
const names = ["approve", "reject", "withdraw", "press", "cancel", "retry"];

/** `begin 0` starts the first of the wishes. */
export function commandsFor(wishes: readonly Wish[]): readonly CommandDefinition[] {
  const begin = defineCommand({
    name: "begin",
    summary: "Begin one of the wishes",
    examples: ["begin 0"],
    args: { wish: z.coerce.number().int() },
    async run({ args, start }) {
      const one = wishes[args.wish];
      return one ? start(one.workflow, one.input as never) : refuse("Nobody wished that.");
    },
  });
  return [...own.filter((command) => names.includes(command.name)), begin as CommandDefinition];
}
