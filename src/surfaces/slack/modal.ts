/** A form as a Slack modal, or as input blocks in a message, and what people filled in. */
import type { types } from "@slack/bolt";
import { z } from "zod";
import type { Choice, Field, Form } from "../../core/card.ts";
import type { Json } from "../../core/operation.ts";
import { actionOf, plainText } from "./blocks.ts";
import { line, short } from "./fit.ts";
import { limits } from "./limits.ts";

/** What a modal carries through Slack and back: which form it is, and where it was asked for. */
export const Carried = z.object({
  form: z.string(),
  command: z.string(),
  channel: z.string(),
  thread: z.string().optional(),
});
export type Carried = z.infer<typeof Carried>;

/** The modal for a form. What was wrong with the last try stands in the field's hint. */
export function modal(form: Form, carried: Carried): types.ModalView {
  return {
    type: "modal",
    callback_id: "form",
    private_metadata: JSON.stringify(carried),
    title: plainText(line(form.title, limits.view.title) || "–"),
    submit: plainText(line(form.submit, limits.view.button) || "Send"),
    close: plainText("Cancel"),
    blocks: [...said(form), ...form.fields.slice(0, limits.view.blocks - 1).map(input)],
  };
}

/** The same as part of a message, with its own button. */
export function formBlocks(form: Form): types.KnownBlock[] {
  return [
    ...said(form),
    ...form.fields.slice(0, 30).map(input),
    {
      type: "actions",
      elements: [
        {
          type: "button",
          action_id: actionOf(form.id),
          value: form.id,
          style: "primary",
          text: plainText(line(form.submit, limits.buttonText) || "Send"),
        },
      ],
    },
  ];
}

/** The state of a view's (or a message's) inputs, as Slack sends it: by block, then by action. */
export const Filled = z.record(
  z.string(),
  z.record(
    z.string(),
    z.discriminatedUnion("type", [
      z.object({ type: z.literal("plain_text_input"), value: z.string().nullish() }),
      z.object({ type: z.literal("number_input"), value: z.string().nullish() }),
      z.object({
        type: z.literal("static_select"),
        selected_option: z.object({ value: z.string() }).nullish(),
      }),
      z.object({ type: z.literal("checkboxes"), selected_options: z.array(z.unknown()) }),
    ]),
  ),
);

/** The values by field. A field that was left empty is absent; a yes-no field is always there. */
export function values(filled: z.infer<typeof Filled>): { readonly [field: string]: Json } {
  const given = Object.entries(filled).flatMap(([field, actions]): [string, Json][] => {
    const answer = actions[answerId];
    if (answer === undefined) return [];
    if (answer.type === "checkboxes") return [[field, answer.selected_options.length > 0]];
    const value =
      answer.type === "static_select" ? answer.selected_option?.value : answer.value?.trim();
    if (value === undefined || value === "") return [];
    const number = answer.type === "number_input" ? Number(value) : Number.NaN;
    return [[field, Number.isFinite(number) ? number : value]];
  });
  return Object.fromEntries(given);
}

const answerId = "answer";

function said(form: Form): types.KnownBlock[] {
  const says = short(form.says ?? "", limits.section).trim();
  return says === "" ? [] : [{ type: "section", text: plainText(says) }];
}

function input(field: Field): types.InputBlock {
  const hint = short([field.error, field.hint].filter(Boolean).join(" "), limits.input.hint);
  return {
    type: "input",
    block_id: field.name.slice(0, limits.blockId),
    label: plainText(line(field.label, limits.input.label) || field.name),
    optional: !field.required || field.kind === "yes-no",
    ...(hint === "" ? {} : { hint: plainText(hint) }),
    element: element(field),
  };
}

function element(field: Field): types.InputBlockElement {
  const initial = field.initial;
  if (field.kind === "choice" && canBeMenu(field.choices ?? [])) return menu(field);
  if (field.kind === "yes-no") {
    const yes: types.PlainTextOption = { text: plainText("Yes"), value: "yes" };
    return {
      type: "checkboxes",
      action_id: answerId,
      options: [yes],
      ...(initial === "yes" || initial === "true" ? { initial_options: [yes] } : {}),
    };
  }
  if (field.kind === "number") {
    const number = initial !== undefined && Number.isFinite(Number(initial));
    return {
      type: "number_input",
      action_id: answerId,
      is_decimal_allowed: true,
      ...(number ? { initial_value: initial } : {}),
    };
  }
  return {
    type: "plain_text_input",
    action_id: answerId,
    ...(initial ? { initial_value: short(initial, limits.input.value) } : {}),
  };
}

/**
 * Slack's menus hold 100 options, or lists of 100; a whole view may have 250 kB. A value that reads
 * otherwise than it is can't be chosen: then the whole field is typed.
 */
function canBeMenu(choices: readonly Choice[]): boolean {
  return (
    choices.length > 0 &&
    choices.length <= 1000 &&
    choices.every(({ value }) => value !== "" && value === line(value, limits.option.value))
  );
}

function menu(field: Field): types.StaticSelect {
  const options = (field.choices ?? []).map(option);
  const chosen = options.find(({ value }) => value === field.initial);
  const groups = Array.from({ length: Math.ceil(options.length / limits.options) }, (_, at) =>
    options.slice(at * limits.options, (at + 1) * limits.options),
  );
  return {
    type: "static_select",
    action_id: answerId,
    ...(groups.length <= 1
      ? { options }
      : { option_groups: groups.map((group) => ({ label: from(group), options: group })) }),
    ...(chosen === undefined ? {} : { initial_option: chosen }),
  };
}

function option(choice: Choice): types.PlainTextOption {
  const hint = line(choice.hint ?? "", limits.option.text);
  return {
    text: plainText(line(choice.value, limits.option.text) || "–"),
    value: choice.value,
    ...(hint === "" ? {} : { description: plainText(hint) }),
  };
}

function from(group: readonly types.PlainTextOption[]): types.PlainTextElement {
  const ends = [group[0], group.at(-1)].map((one) => line(one?.text.text ?? "", 30));
  return plainText(ends.join(" – "));
}
