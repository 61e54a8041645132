/** Dialogs: a question before what hurts, and a command's form. */
import { html } from "htm/preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Field, Form } from "./types.ts";

function Dialog({
  title,
  close,
  children,
}: {
  title: string;
  close: () => void;
  children: unknown;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    const first = dialog.current?.querySelector("[data-first]");
    if (first instanceof HTMLElement) first.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return html`
    <dialog ref=${dialog} aria-labelledby="dialog-title" onClose=${close}
      onClick=${(event: Event) => event.target === dialog.current && close()}>
      <h2 id="dialog-title">${title}</h2>
      ${children}
    </dialog>`;
}

/** The safe answer first, and focused. */
export function Confirm({
  label,
  question,
  yes,
  close,
}: {
  label: string;
  question: string;
  yes: () => void;
  close: () => void;
}) {
  return html`
    <${Dialog} title=${question} close=${close}>
      <div class="answers">
        <button type="button" data-first onClick=${close}>Keep it as it is</button>
        <button type="button" class="danger" onClick=${() => {
          close();
          yes();
        }}>${label}</button>
      </div>
    <//>`;
}

export function FormDialog({
  form,
  submit,
  close,
}: {
  form: Form;
  /** Gives what was wrong, if anything was. */
  submit: (values: object) => Promise<string | undefined>;
  close: () => void;
}) {
  const [wrong, setWrong] = useState<string>();
  const [sending, setSending] = useState(false);
  const sent = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!(event.target instanceof HTMLFormElement)) return;
    setSending(true);
    setWrong(await submit(valuesOf(form, new FormData(event.target))));
    setSending(false);
  };
  return html`
    <${Dialog} title=${form.title} close=${close}>
      ${form.says !== undefined && html`<p>${form.says}</p>`}
      <form onSubmit=${sent}>
        ${form.fields.map((field, at) => html`<${FieldRow} key=${field.name} field=${field} first=${at === focusAt(form)} />`)}
        ${wrong !== undefined && html`<p class="wrong" role="alert">${wrong}</p>`}
        <div class="answers">
          <button type="button" onClick=${close}>Cancel</button>
          <button class="primary" disabled=${sending}>${form.submit}</button>
        </div>
      </form>
    <//>`;
}

/** The first field that needs something. */
function focusAt(form: Form): number {
  const wrong = form.fields.findIndex(({ error }) => error !== undefined);
  const open = form.fields.findIndex(({ initial }) => initial === undefined);
  return Math.max(0, wrong >= 0 ? wrong : open);
}

function FieldRow({ field, first }: { field: Field; first: boolean }) {
  const id = `field-${field.name}`;
  const notes = [field.hint && `${id}-hint`, field.error && `${id}-error`]
    .filter(Boolean)
    .join(" ");
  const common = {
    id,
    name: field.name,
    required: field.required,
    "data-first": first ? "" : undefined,
    "aria-invalid": field.error === undefined ? undefined : "true",
    "aria-describedby": notes === "" ? undefined : notes,
  };
  return html`
    <div class=${`field ${field.kind} ${field.error === undefined ? "" : "invalid"}`}>
      <label for=${id}>${field.label}${!field.required && html` <span class="soft">optional</span>`}</label>
      ${
        field.kind === "choice"
          ? html`<select ...${common}>
              ${field.initial === undefined && html`<option value="" selected>Choose one</option>`}
              ${field.choices?.map(
                ({ value, hint }) =>
                  html`<option value=${value} selected=${value === field.initial}>${value}${hint ? ` · ${hint}` : ""}</option>`,
              )}
            </select>`
          : field.kind === "yes-no"
            ? html`<input type="checkbox" ...${common} required=${false} defaultChecked=${["yes", "true"].includes(field.initial ?? "")} />`
            : html`<input type=${field.kind === "number" ? "number" : "text"} step="any" autocomplete="off" spellcheck=${false}
                list=${field.choices === undefined ? undefined : `${id}-choices`} ...${common} defaultValue=${field.initial ?? ""} />
              ${
                field.choices !== undefined &&
                html`<datalist id=${`${id}-choices`}>${field.choices.map(({ value, hint }) => html`<option value=${value}>${hint}</option>`)}</datalist>`
              }`
      }
      ${field.hint !== undefined && html`<p class="hint" id=${`${id}-hint`}>${field.hint}</p>`}
      ${field.error !== undefined && html`<p class="wrong" id=${`${id}-error`}>${field.error}</p>`}
    </div>`;
}

/** What was given; a field left empty is not there at all. */
function valuesOf(form: Form, data: FormData): object {
  const values: { [name: string]: string | number | boolean } = {};
  for (const { name, kind } of form.fields) {
    const value = data.get(name);
    if (kind === "yes-no") values[name] = value !== null;
    else if (typeof value === "string" && value.trim() !== "")
      values[name] = kind === "number" ? Number(value) : value.trim();
  }
  return values;
}
