/** Forms, made from a command's schema: what nobody has typed is asked. */

import { z } from "zod";
import type { Choice, Field, Form } from "../core/card.ts";
import type { CommandDefinition } from "../core/command.ts";
import type { Json } from "../core/operation.ts";
import { type Shape, shapesOf } from "./shape.ts";
import { missing, wrong } from "./wrong.ts";

type Values = { readonly [field: string]: Json };

/** The form for a command: what is known stands in it already. Its `id` is the caller's to give. */
export function formOf(
  command: CommandDefinition,
  known: Values = {},
  errors: { readonly [field: string]: string } = {},
  choices: { readonly [field: string]: readonly Choice[] } = {},
): Omit<Form, "id"> {
  const title = capital(command.name);
  return {
    command: command.name,
    title,
    says: `${command.summary}.`,
    submit: title,
    fields: shapesOf(command)
      .filter(({ hidden }) => !hidden)
      .map((shape) =>
        field(
          shape,
          { initial: known[shape.name], hint: shape.hint?.(known) ?? shape.says },
          errors[shape.name],
          choices[shape.name],
        ),
      ),
  };
}

/** What is wrong with a form's values by its schema alone, a sentence for each field. Pure; asks nobody. */
export function checkValues(
  command: CommandDefinition,
  values: Values,
): { readonly [field: string]: string } {
  const errors: { [field: string]: string } = {};
  for (const shape of shapesOf(command)) {
    const given = Object.hasOwn(values, shape.name) ? values[shape.name] : undefined;
    const empty = given === undefined || given === null || given === "";
    const says = empty
      ? shape.required
        ? missing(shape)
        : undefined
      : wrong(shape, cased(shape, given));
    if (says !== undefined) errors[shape.name] = says;
  }
  return errors;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Phones write capitals first: where choices will be asked, case decides nothing here. */
const cased = (shape: Shape, given: Json): Json =>
  typeof given === "string" && shape.noun !== undefined && shape.noun !== "version"
    ? given.trim().toLowerCase()
    : given;

function field(
  shape: Shape,
  known: { readonly initial: Json | undefined; readonly hint: string },
  error: string | undefined,
  offered: readonly Choice[] | undefined,
): Field {
  const choices = offered ?? shape.options?.map((value) => ({ value }));
  const initial = initialOf(shape, known.initial);
  const stands =
    initial !== undefined && (!choices || choices.some(({ value }) => value === initial));
  return {
    name: shape.name,
    label: capital(shape.label),
    kind: choices ? "choice" : shape.kind,
    required: shape.required,
    ...(known.hint ? { hint: capital(known.hint) } : {}),
    ...(stands ? { initial } : {}),
    ...(choices ? { choices } : {}),
    ...(error !== undefined ? { error } : {}),
  };
}

/** What is known, else the schema's default. */
function initialOf(shape: Shape, known: Json | undefined): string | undefined {
  if (known !== undefined && known !== null) return String(known);
  const empty = z.core.safeParse(shape.schema, undefined);
  return empty.success && empty.data !== undefined && empty.data !== null
    ? String(empty.data)
    : undefined;
}
