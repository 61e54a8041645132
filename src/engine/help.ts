/** Help, from the definitions of commands. */
import type { CommandDefinition, CommandHelp } from "../core/command.ts";
import { type Shape, shapesOf } from "./shape.ts";

/** What `ctx.commands` is: every command with how it is typed and what it takes. */
export function helpOf(commands: readonly CommandDefinition[]): readonly CommandHelp[] {
  return commands.map((command) => ({
    name: command.name,
    summary: command.summary,
    examples: command.examples,
    usage: usage(command),
    takes: shapesOf(command)
      .filter(({ hidden }) => !hidden)
      .map((shape) => ({ name: shape.name, says: saysOf(shape), required: shape.required })),
  }));
}

/** `logs <service> in <environment> [since=<since>] [follow]`: what may be left out stands in brackets. */
export function usage(command: CommandDefinition): string {
  const shown = shapesOf(command).filter(({ hidden }) => !hidden);
  const parts = shown.map((shape, i) => {
    const text = typed(command, shape, i === 0);
    return shape.required ? text : `[${text}]`;
  });
  return [command.name, ...parts].join(" ");
}

function typed(command: CommandDefinition, shape: Shape, first: boolean): string {
  if (shape.kind === "yes-no") return shape.name;
  const word = Object.entries(command.words ?? {}).find(([, name]) => name === shape.name)?.[0];
  const what = shape.noun ?? shape.label;
  if (word !== undefined) return `${word} <${what}>`;
  if (shape.required || first) return `<${what}>`;
  return shape.rest ? `${shape.name} <text>` : `${shape.name}=<${what}>`;
}

function saysOf(shape: Shape): string {
  if (shape.says) return shape.says;
  return shape.noun ? `a ${shape.noun}`.replace(/^a ([aeiou])/, "an $1") : "";
}
