/** From what was typed, clicked or filled in to arguments that a command can trust. */
import { z } from "zod";
import type { Say } from "../core/card.ts";
import type { CommandDefinition } from "../core/command.ts";
import { nearest } from "../core/nearest.ts";
import type { Json } from "../core/operation.ts";
import { listed, quoted } from "../core/words.ts";
import type { Raw } from "./grammar.ts";
import { type Asks, type Offer, offer } from "./offers.ts";
import { coerce, type Shape, shapesOf } from "./shape.ts";
import { wrong, wrongAs } from "./wrong.ts";

export type Settled =
  | {
      readonly is: "args";
      readonly args: { readonly [arg: string]: unknown };
      readonly known: Known;
    }
  /** What is known is right so far; `fields` have to be asked for. */
  | { readonly is: "missing"; readonly known: Known; readonly fields: readonly string[] }
  /** The first that is wrong, in one sentence; the suggestions say the same command with the nearest right value. */
  | {
      readonly is: "wrong";
      readonly arg: string;
      readonly says: string;
      readonly suggestions: readonly Say[];
      /** What was right before it. */
      readonly known: Known;
    };
type Known = { readonly [arg: string]: Json };

/**
 * Checks each argument against its schema, then against what there is. Names that the command does not
 * have are passed over, and so are empty fields. Passes on what a look refuses or fails with.
 */
export async function settle(command: CommandDefinition, raw: Raw, look: Asks): Promise<Settled> {
  const known: { [arg: string]: Json } = {};
  const args: { [arg: string]: unknown } = {};
  const fields: string[] = [];
  for (const shape of shapesOf(command)) {
    const given = Object.hasOwn(raw, shape.name) ? raw[shape.name] : undefined;
    const no = (says: string, values: readonly string[] = []): Settled => {
      const say = (value: string): Say => ({
        label: value,
        command: command.name,
        args: { ...raw, [shape.name]: value },
      });
      return { is: "wrong", arg: shape.name, says, suggestions: values.map(say), known };
    };
    if (isEmpty(given)) {
      const empty = z.core.safeParse(shape.schema, undefined);
      if (!empty.success) fields.push(shape.name);
      else if (empty.data !== undefined) args[shape.name] = empty.data;
      continue;
    }
    const offered = shape.open ? undefined : await offer(shape, known, look);
    const value = offered ? among(offered, coerce(shape, given)) : coerce(shape, given);
    if (value === undefined && offered) {
      const typed = typeof given === "string" ? given : JSON.stringify(given);
      const near = nearest(
        typed,
        offered.choices.map((choice) => choice.value),
      );
      return no(noSuch(shape, typed, offered, near), near);
    }
    const says = wrong(shape, value ?? given);
    if (says !== undefined) return no(wrongAs(shape, given, says));
    const read = z.core.parse(shape.schema, value);
    args[shape.name] = read;
    known[shape.name] = value ?? given;
  }
  return fields.length > 0 ? { is: "missing", known, fields } : { is: "args", args, known };
}

/** Nothing was said: a form sends its empty fields too. */
function isEmpty(given: Json | undefined): given is undefined | null | "" {
  return (
    given === undefined || given === null || (typeof given === "string" && given.trim() === "")
  );
}

/** The choice that was meant; only its case may differ. */
function among({ choices }: Offer, given: Json): string | undefined {
  if (typeof given === "object") return undefined;
  const typed = String(given);
  const exact = choices.find(({ value }) => value === typed);
  const alike = choices.filter(({ value }) => value.toLowerCase() === typed.toLowerCase());
  return exact?.value ?? (alike.length === 1 ? alike[0]?.value : undefined);
}

/** `No service "wbe". Did you mean web?`, `No version "9.9.9" of web. There are 1.4.2 and 1.4.1.` */
function noSuch(
  shape: Shape,
  typed: string,
  { choices, of }: Offer,
  near: readonly string[],
): string {
  const values = choices.map((choice) => choice.value);
  const what = `No ${shape.noun ?? shape.label} ${quoted(typed)}${of.length > 0 ? ` of ${listed(of)}` : ""}.`;
  if (near.length > 0) return `${what} Did you mean ${listed(near, "or")}?`;
  if (values.length === 0) return `${what} There is none yet.`;
  return `${what} There ${values.length === 1 ? "is" : "are"} ${listed(values, "and", 6)}.`;
}
