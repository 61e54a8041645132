/** Draws a form's fields as Adaptive Card inputs, for surfaces without dialogs. */
import type { Field, Form } from "../../core/card.ts";
import { line } from "../../observe/text.ts";
import type { Element } from "./element.ts";
import { verbatim } from "./verbatim.ts";

/** One input a field; its id is the field's name. */
export function fields(form: Form): Element[] {
  return form.fields.flatMap((field) => [input(field), ...notes(field)]);
}

function input(field: Field): Element {
  const common = {
    id: field.name,
    label: verbatim(line(field.label)),
    isRequired: field.required,
    ...(field.required ? { errorMessage: `${verbatim(line(field.label))} is needed.` } : {}),
    ...(field.initial === undefined ? {} : { value: initial(field) }),
  };
  const placeholder = field.hint === undefined ? {} : { placeholder: line(field.hint) };
  switch (field.kind) {
    case "text":
      return { type: "Input.Text", ...common, ...placeholder };
    case "number":
      return { type: "Input.Number", ...common, ...placeholder };
    case "yes-no":
      return { type: "Input.Toggle", ...common, title: "Yes", valueOn: "yes", valueOff: "no" };
    case "choice":
      return {
        type: "Input.ChoiceSet",
        ...common,
        ...placeholder,
        style: "compact",
        choices: (field.choices ?? []).map(({ value, hint }) => ({
          title: hint === undefined ? value : `${value} (${line(hint)})`,
          value,
        })),
      };
  }
}

function initial(field: Field): string | number {
  const value = Number(field.initial);
  return field.kind === "number" && Number.isFinite(value) ? value : (field.initial ?? "");
}

function notes(field: Field): Element[] {
  if (field.error === undefined) return [];
  return [
    {
      type: "TextBlock",
      text: verbatim(line(field.error)),
      color: "Attention",
      wrap: true,
      spacing: "None",
    },
  ];
}
