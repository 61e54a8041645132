/** What an activity of Teams means to us: pure, so that it can stand before the acknowledgement. */
import type { Form } from "../../core/card.ts";
import type { Json } from "../../core/operation.ts";
import type { Intent, Place } from "../../core/surface.ts";
import { Consent } from "./files.ts";
import { type Activity, Execute, type Own, Pressed, Task } from "./payloads.ts";
import { channelOf, isThreaded } from "./ref.ts";
import { spoken } from "./spoken.ts";

/** How it came, which decides how it can be answered: only invokes can be answered in the reply itself. */
export type By = "message" | "execute" | "fetch" | "submit";

export type Heard =
  | { readonly is: "intent"; readonly by: By; readonly intent: Intent; readonly form?: Form }
  /** Somebody's client shows a card of ours and asks what this person may see on it. */
  | { readonly is: "refresh"; readonly message: string; readonly card: unknown }
  /** A dialog whose form the button carries. */
  | { readonly is: "open"; readonly form: Form }
  /** Somebody waits on in a dialog for what was taken before. */
  | { readonly is: "again"; readonly key: string }
  /** Somebody answers to a file that was offered. */
  | { readonly is: "file"; readonly consent: Consent }
  | { readonly is: "nothing" };

/** Reads an activity whose sender is known to be a person of `account`. */
export function hear(activity: Activity, account: string): Heard {
  if (activity.type === "message") return heardMessage(activity, account);
  if (activity.type !== "invoke") return nothing;
  if (activity.name === "adaptiveCard/action") return heardExecute(activity, account);
  if (activity.name === "task/fetch") return heardTask(activity, account, "fetch");
  if (activity.name === "task/submit") return heardTask(activity, account, "submit");
  if (activity.name === "fileConsent/invoke") {
    const consent = Consent.safeParse(activity.value);
    return consent.success ? { is: "file", consent: consent.data } : nothing;
  }
  return nothing;
}

/** Where it was said. A post in a channel begins a thread, so what is said there has one always. */
export function placeOf({ conversation }: Activity): Place {
  const { channel, root } = channelOf(conversation.id);
  return {
    surface: "teams",
    channel,
    ...(root !== undefined && isThreaded(channel) ? { thread: root } : {}),
  };
}

const nothing = { is: "nothing" } as const;

function heardMessage(activity: Activity, account: string): Heard {
  // Clients without Universal Actions send a button's data as a message.
  const pressed = Pressed.safeParse(activity.value);
  const said = pressed.success
    ? saidOf(pressed.data)
    : ({ text: spoken(activity) || "help" } as const);
  if (said === undefined) return nothing;
  return intended("message", activity, account, said, pressed.data);
}

function heardExecute(activity: Activity, account: string): Heard {
  const execute = Execute.safeParse(activity.value);
  const { verb, data } = execute.data?.action ?? {};
  if (verb === "refresh" && data?.shipmate?.message !== undefined)
    return { is: "refresh", message: data.shipmate.message, card: data.shipmate.card };
  const said = data ? saidOf(data) : undefined;
  return said ? intended("execute", activity, account, said, data ?? undefined) : nothing;
}

function heardTask(activity: Activity, account: string, by: "fetch" | "submit"): Heard {
  const data = Task.safeParse(activity.value).data?.data ?? undefined;
  const { form, again } = data?.shipmate ?? {};
  if (again !== undefined) return { is: "again", key: again };
  if (by === "fetch" && form !== undefined) return { is: "open", form: formOf(form) };
  const said = data === undefined ? undefined : saidOf(data);
  return said ? intended(by, activity, account, said, data) : nothing;
}

function intended(
  by: By,
  activity: Activity,
  account: string,
  said: Intent["said"],
  data: Pressed | undefined,
): Heard {
  const form = data?.shipmate?.form;
  return {
    is: "intent",
    by,
    ...(form === undefined ? {} : { form: formOf(form) }),
    intent: {
      key: `${activity.type}:${activity.conversation.id}:${activity.id}`,
      who: { surface: "teams", id: account },
      at: placeOf(activity),
      said,
    },
  };
}

/**
 * The message that a button stands on is left out: Teams' own `replyToId` does not always name it
 * (MicrosoftDocs/msteams-docs#687). The button's row knows its message and its conversation.
 */
function saidOf(data: Pressed): Intent["said"] | undefined {
  const { button, shipmate, msteams: _, ...rest } = data;
  // Whoever presses it gets a form of their own: words of somebody else are never carried out in their name.
  if (shipmate?.say !== undefined) return { text: shipmate.say, fill: true };
  const id = shipmate?.form?.id ?? button;
  if (id === undefined) return undefined;
  const values = valuesOf(rest, shipmate?.form);
  return { button: id, ...(Object.keys(values).length > 0 ? { values } : {}) };
}

/** What was filled in. A field that was left empty is absent; a yes-no field is always there. */
function valuesOf(
  given: { readonly [field: string]: unknown },
  form: Own["form"],
): { readonly [field: string]: Json } {
  const kinds = new Map(form?.fields.map(({ name, kind }) => [name, kind]));
  return Object.fromEntries(
    Object.entries(given).flatMap(([field, value]): [string, Json][] => {
      if (typeof value === "number" || typeof value === "boolean") return [[field, value]];
      if (typeof value !== "string" || value.trim() === "") return [];
      const text = value.trim();
      if (kinds.get(field) === "yes-no") return [[field, /^(yes|true)$/i.test(text)]];
      const isNumber = kinds.get(field) === "number" && Number.isFinite(Number(text));
      return [[field, isNumber ? Number(text) : text]];
    }),
  );
}

/** The same without what is not there. */
function formOf(form: NonNullable<Own["form"]>): Form {
  return JSON.parse(JSON.stringify(form)) as Form;
}
