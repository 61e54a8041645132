import { expect, test } from "vitest";
import type { Field, Form } from "../../../src/core/card.ts";
import { formBlocks, modal, values } from "../../../src/surfaces/slack/modal.ts";
import { deployForm } from "../../cards.ts";
import { faultsOfMessage, faultsOfView } from "./limits.ts";

const carried = { form: "form-1", command: "deploy", channel: "C1" };

test("the form is drawn as its golden file says", async () => {
  await expect(`${JSON.stringify(modal(deployForm, carried), null, 2)}\n`).toMatchFileSnapshot(
    "../../golden/slack/form.json",
  );
  expect(faultsOfView(modal(deployForm, carried))).toEqual([]);
});

test("what was wrong with the last try stands at its field", () => {
  expect(JSON.stringify(modal(deployForm, carried).blocks)).toContain("That is not a version");
});

test.each([1, 100, 101, 1000, 1001, 5000])("a choice of %i is a form that Slack takes", (many) => {
  const choices = Array.from({ length: many }, (_, at) => ({ value: `service-${at}` }));
  const form = withField({ kind: "choice", choices, initial: `service-${many - 1}` });
  const view = modal(form, carried);
  expect(faultsOfView(view)).toEqual([]);
  expect(JSON.stringify(view)).toContain(many > 1000 ? "plain_text_input" : "static_select");
  expect(JSON.stringify(view)).toContain(`"service-${many - 1}"`);
});

test.each(["", "x".repeat(10_000), "<!channel>", "\u202E\u0000😀".repeat(2000), "\uD83D"])(
  "hostile text in every part of a form is taken by Slack (%#)",
  (evil) => {
    const choices = [
      { value: evil, hint: evil },
      { value: "good", hint: evil },
    ];
    for (const kind of ["text", "choice", "number", "yes-no"] as const) {
      const field = { kind, label: evil, hint: evil, initial: evil, error: evil, choices };
      const form = { ...withField(field), title: evil, says: evil, submit: evil };
      expect(faultsOfView(modal(form, carried))).toEqual([]);
      expect(faultsOfMessage({ text: "form", blocks: formBlocks(form) })).toEqual([]);
    }
  },
);

test("values come out by field: numbers as numbers, yes-no as yes or no, empty ones not at all", () => {
  expect(
    values({
      service: { answer: { type: "static_select", selected_option: { value: "web" } } },
      version: { answer: { type: "plain_text_input", value: " 1.4.2 " } },
      note: { answer: { type: "plain_text_input", value: null } },
      environment: { answer: { type: "static_select", selected_option: null } },
      replicas: { answer: { type: "number_input", value: "3" } },
      wait: { answer: { type: "checkboxes", selected_options: [{ value: "yes" }] } },
      force: { answer: { type: "checkboxes", selected_options: [] } },
    }),
  ).toEqual({ service: "web", version: "1.4.2", replicas: 3, wait: true, force: false });
});

function withField(field: Partial<Field>): Form {
  const base: Field = { name: "service", label: "Service", kind: "text", required: true };
  return { ...deployForm, fields: [{ ...base, ...field }] };
}
