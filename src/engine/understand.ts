/** From what was said to a command with arguments that can be trusted, a form for what is missing, or a sentence with the nearest right thing. */
import { z } from "zod";
import type { Card, Field, Form } from "../core/card.ts";
import type { CommandDefinition } from "../core/command.ts";
import type { Json, Look } from "../core/operation.ts";
import type { Intent } from "../core/surface.ts";
import type { Pressed } from "../store/buttons.ts";
import { settle } from "./arguments.ts";
import { formOf } from "./form.ts";
import { parse, type Raw } from "./grammar.ts";
import { offers } from "./offers.ts";
import type { FormNeeded } from "./runs.ts";

export interface UnderstandParts {
  readonly commands: readonly CommandDefinition[];
  readonly look: (op: Look) => Promise<Json>;
  readonly button: (id: string) => Promise<Pressed | undefined>;
}
export type Understood =
  | { readonly is: "card"; readonly card: Card }
  | {
      readonly is: "form";
      readonly form: Omit<Form, "id">;
      readonly command: string;
      readonly known: { readonly [arg: string]: Json };
    }
  | {
      readonly is: "command";
      readonly command: CommandDefinition;
      readonly args: { readonly [arg: string]: unknown };
      /** Our message whose button was pressed. */
      readonly from?: string;
      /** The form that was sent: sent twice, it starts one run. */
      readonly form?: string;
    };

export async function understand(parts: UnderstandParts, intent: Intent): Promise<Understood> {
  const { said } = intent;
  if ("text" in said) {
    const parsed = parse(said.text, parts.commands);
    if (parsed.is === "no") return card(parsed.says, parsed.suggestions);
    return settled(parts, parsed.command, parsed.raw, { fill: said.fill ?? false });
  }
  const row = await parts.button(said.button);
  const wrong = row ? misplaced(row, intent) : unknownButton;
  if (!row || wrong !== undefined) return card(wrong ?? unknownButton);
  const command = parts.commands.find((one) => one.name === row.command);
  if (!command)
    return card(`There is no command "${row.command}" any more. Say help to see what there is.`);
  const args = Args.parse(row.args);
  const filled = filledIn(command, args, said.values ?? {});
  // What a button of a message says stands; a form may change its own fields, but never whose button it presses.
  const isForm = row.message === "";
  const raw = isForm && !takesForm(command) ? { ...args, ...filled } : { ...filled, ...args };
  return settled(parts, command, raw, isForm ? { form: row.id } : { from: row.message });
}

const takesForm = (command: CommandDefinition): boolean => Object.hasOwn(command.args, "form");

/** Values that the command names are its arguments; the rest is the form of a run's button. */
function filledIn(
  command: CommandDefinition,
  args: { readonly [arg: string]: Json },
  values: { readonly [field: string]: Json },
): { readonly [arg: string]: Json } {
  const isOwn = (name: string) =>
    Object.hasOwn(command.args, name) &&
    !(takesForm(command) && (Object.hasOwn(args, name) || name === "form"));
  const entries = Object.entries(values);
  const rest = entries.filter(([name]) => !isOwn(name));
  const own = Object.fromEntries(entries.filter(([name]) => isOwn(name)));
  if (!takesForm(command) || rest.length === 0) return own;
  return { ...own, form: Object.fromEntries(rest) };
}

const Args = z.record(z.string(), z.json());
const unknownButton = "That button is not one of mine any more. Say the command again.";

/** A click must come from where its button stands: another channel, message or person's eyes mean tampering. */
function misplaced(row: Pressed, { who, at, said }: Intent): string | undefined {
  const foreign = "That button belongs to another message. Press it there, or say the command.";
  if (row.surface !== at.surface) return foreign;
  if (row.message === "") return row.channel === at.channel ? undefined : foreign;
  const message = row.stands;
  if (!message) return unknownButton;
  if (message.to_account !== null && message.to_account !== who.id) return foreign;
  const clicked = "message" in said ? said.message : undefined;
  // A surface may have another name for a conversation than the one we addressed; then its reference names that one.
  const isHere = row.channel === at.channel || message.ref?.startsWith(`${at.channel}:`);
  if (!isHere) return foreign;
  // Posted, and the database died before it was written down where: the button's own id tells enough.
  if (message.ref === null) return undefined;
  return [undefined, row.message, message.ref].includes(clicked) ? undefined : foreign;
}

/** How it was said: in a form, whose mistakes are shown at its fields, or by a button of a message. */
interface How {
  /** The form's id. */
  readonly form?: string;
  readonly from?: string;
  /** Whoever says it asks for the form, even where nothing is missing. */
  readonly fill?: boolean;
}

async function settled(
  parts: UnderstandParts,
  command: CommandDefinition,
  raw: Raw,
  { form: sent, from, fill = false }: How = {},
): Promise<Understood> {
  const ask = <R>(op: Look<R>) => parts.look(op) as Promise<R>;
  const got = await settle(command, raw, ask);
  if (got.is === "args" && !fill)
    return {
      ...{ is: "command", command, args: got.args },
      ...(from !== undefined && { from }),
      ...(sent !== undefined && { form: sent }),
    };
  if (got.is === "wrong" && sent === undefined) return card(got.says, got.suggestions);
  const errors = got.is === "wrong" ? { [got.arg]: got.says } : {};
  const form = formOf(command, got.known, errors, await offers(command, got.known, ask));
  return { is: "form", form, command: command.name, known: got.known };
}

function card(says: string, buttons: Card["buttons"] = []): Understood {
  return {
    is: "card",
    card: { title: says, ...(buttons.length > 0 && { buttons: buttons.slice(0, 3) }) },
  };
}

const FormSchema = z.looseObject({
  properties: z
    .record(
      z.string(),
      z.looseObject({
        type: z.string().optional(),
        enum: z.array(z.string()).optional(),
        description: z.string().optional(),
      }),
    )
    .default({}),
  required: z.array(z.string()).default([]),
});

/** The form of a wait's button, made from its JSON Schema. */
export function formOfPress(needed: FormNeeded): Omit<Form, "id"> {
  const { properties, required } = FormSchema.parse(needed.schema);
  const fields = Object.entries(properties).map(([name, property]): Field => {
    const number = property.type === "number" || property.type === "integer";
    const kind = property.enum
      ? "choice"
      : number
        ? "number"
        : property.type === "boolean"
          ? "yes-no"
          : "text";
    return {
      name,
      label: name.charAt(0).toUpperCase() + name.slice(1),
      kind,
      required: required.includes(name),
      ...(property.description !== undefined && { hint: property.description }),
      ...(property.enum && { choices: property.enum.map((value) => ({ value })) }),
    };
  });
  return { command: "press", title: needed.label, submit: needed.label, fields };
}
