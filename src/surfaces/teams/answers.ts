/**
 * One order of things: hear, store, answer, enter. Nothing is acknowledged that is not one committed row.
 *
 * A click or a dialog waits for its answer and Teams gives up on it, so it is answered within 3 s: with what
 * came of it where that is known by then, else with a word that the card will change; the outbox changes it.
 */
import type { Form } from "../../core/card.ts";
import { type Answer, type Door, NotTaken, type Place } from "../../core/surface.ts";
import type { TeamsConfig } from "./config.ts";
import {
  dialogOf,
  dialogSays,
  dialogToWaitIn,
  formCard,
  instead,
  notTaken,
  offerCard,
  sentenceOf,
  toast,
} from "./dialog.ts";
import { attachment, viewFor } from "./draw.ts";
import type { By, Heard } from "./heard.ts";
import type { Outbox } from "./outbox.ts";
import { CarriedCard } from "./payloads.ts";

export interface AnswerParts {
  readonly config: TeamsConfig;
  readonly door: Door;
  readonly out: Outbox;
  track(work: Promise<void>): void;
  readonly signal: AbortSignal;
}

/** What a request is answered with. */
export interface Reply {
  readonly status: number;
  readonly body?: object;
}

type Intended = Extract<Heard, { is: "intent" }>;
/** `later`: not within the time that there is. `broken`: it stays in the inbox, and is taken up again. */
type Outcome = Answer | { readonly is: "later" } | { readonly is: "broken" };

export type Answers = ReturnType<typeof answers>;

export function answers({ config, door, out, track, signal }: AnswerParts) {
  const { log } = config;
  const mask = config.mask ?? ((value) => value);
  const { answerIn = bearable } = config;
  /** What people wait on for, by the key of their intent. */
  const pending = new Map<string, Promise<Outcome>>();
  return { take, open, again, view, refuse };

  /** `arrived`: when the request came, by `performance.now()`. */
  async function take(heard: Intended, arrived: number): Promise<Reply> {
    const { intent, by, form } = heard;
    if (form !== undefined && "button" in intent.said) {
      const errors = door.check(form.command, intent.said.values ?? {});
      if (Object.keys(errors).length > 0) {
        const wrong = { is: "form", form: withErrors(form, errors, intent.said.values) } as const;
        if (by === "message") track(offer(heard, wrong));
        return answerWith(by, wrong);
      }
    }
    let stored: "new" | "seen";
    try {
      stored = await door.store(intent);
    } catch (error) {
      log("error", "storing what somebody said", error);
      return refusal(by, intent.at, error instanceof NotTaken ? error.message : away, 500);
    }
    if (by === "message") {
      if (stored === "new") track(enter(heard).then((outcome) => offer(heard, outcome)));
      return { status: 200 };
    }
    const seen: Outcome = { is: "seen" };
    const outcome = stored === "new" ? enter(heard) : (pending.get(intent.key) ?? seen);
    return answerWith(by, await within(outcome, arrived), intent.key);
  }

  /** Never rejects. */
  function enter({ intent }: Intended): Promise<Outcome> {
    const outcome = door.enter(intent.key, "teams").then(
      (answer): Outcome => (answer.is === "run" || answer.is === "seen" ? answer : mask(answer)),
      (error: unknown): Outcome => {
        // The row stays open: what was said is taken up again.
        log("error", "acting on what somebody said in Teams", error);
        return { is: "broken" };
      },
    );
    pending.set(intent.key, outcome);
    const timer = setTimeout(() => pending.delete(intent.key), 10 * 60_000);
    timer.unref();
    return outcome;
  }

  async function within(outcome: Outcome | Promise<Outcome>, since: number): Promise<Outcome> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Outcome>((resolve) => {
      const left = Math.max(0, answerIn - (performance.now() - since));
      timer = setTimeout(() => resolve({ is: "later" }), left);
    });
    return await Promise.race([outcome, late]).finally(() => clearTimeout(timer));
  }

  function open(form: Form): Reply {
    return { status: 200, body: dialogOf(form) };
  }

  async function again(key: string): Promise<Reply> {
    const outcome = pending.get(key);
    if (outcome === undefined) return { status: 200, body: dialogSays("Say it again, please.") };
    return answerWith("fetch", await within(outcome, performance.now()), key);
  }

  /** The card as this person may see it. It came back from their own client: nobody else is shown it. */
  function view(carried: unknown, account: string): Reply {
    const card = CarriedCard.safeParse(carried);
    if (!card.success) return { status: 200, body: toast("The card changes by itself.") };
    return { status: 200, body: instead(viewFor(card.data as never, account)) };
  }

  /** Somebody from outside, or somebody of whom Teams does not say who they are. */
  function refuse(heard: Heard, at: Place, isUnknown: boolean): Reply {
    const says = isUnknown ? unsaid : outsider;
    if (heard.is === "refresh") return { status: 200, body: notTaken(403, says) };
    return refusal(heard.is === "intent" ? heard.by : "fetch", at, says, isUnknown ? 500 : 403);
  }

  function refusal(by: By, at: Place, says: string, code: 403 | 500): Reply {
    if (by === "execute") return { status: 200, body: notTaken(code, says) };
    if (by !== "message") return { status: 200, body: dialogSays(says) };
    const words = { type: "message", textFormat: "plain", text: says };
    track(
      out
        .say(at, words, signal)
        .catch((error: unknown) => log("warn", `telling one person in ${at.channel}`, error)),
    );
    return { status: code === 500 ? 503 : 200 };
  }

  function answerWith(by: By, outcome: Outcome, key = ""): Reply {
    if (by === "message") return { status: 200 };
    if (outcome.is === "form")
      return {
        status: 200,
        body: by === "execute" ? instead(formCard(outcome.form)) : dialogOf(outcome.form),
      };
    if (by === "execute") return { status: 200, body: toast(words(outcome)) };
    if (outcome.is === "later" && by === "fetch") return { status: 200, body: dialogToWaitIn(key) };
    // A dialog that was sent closes; what came of it stands in the chat.
    const speaks =
      by === "fetch" || (outcome.is === "card" && outcome.private) || outcome.is === "broken";
    return speaks ? { status: 200, body: dialogSays(words(outcome)) } : { status: 200, body: {} };
  }

  /** After words or an older client's click nothing can open by itself: a button opens the dialog. */
  async function offer({ intent }: Intended, outcome: Outcome): Promise<void> {
    if (outcome.is !== "form") return;
    const { form } = outcome;
    const typed = "text" in intent.said ? intent.said.text : undefined;
    const fits = typed !== undefined && typed.length <= 4000;
    const card = offerCard(
      { title: form.title, says: form.says ?? "Some of it is missing: fill it in." },
      fits ? { say: typed } : { form },
    );
    const activity = { type: "message", summary: form.title, attachments: [attachment(card)] };
    await out
      .say(intent.at, activity, signal)
      .catch((error: unknown) => log("warn", `offering a form in ${intent.at.channel}`, error));
  }
}

/** In milliseconds; Teams shows "unable to reach app" after 10 to 15 s, and people press again before that. */
export const bearable = 2_200;

export const outsider = "Only people of the organisation that Shipmate is installed in can use it.";
export const unsaid =
  "Teams did not say who you are, so this was not taken. Try again in a minute.";
export const away = "This was not taken: the database does not answer. Try again in a minute.";

function words(outcome: Outcome): string {
  switch (outcome.is) {
    case "card":
      return sentenceOf(outcome.card);
    case "run":
      return "It is under way.";
    case "seen":
      return "That was taken already.";
    case "form":
      return outcome.form.title;
    case "later":
      return "Taken. The card changes as soon as it is done.";
    case "broken":
      return "Taken, and something broke on the way. It goes on by itself in a moment.";
  }
}

/** The form with what was filled in and what is wrong with it; an error of no field stands at the first one. */
function withErrors(
  form: Form,
  errors: { readonly [field: string]: string },
  values: { readonly [field: string]: unknown } = {},
): Form {
  const names = form.fields.map(({ name }) => name);
  const homeless = Object.entries(errors).filter(([name]) => !names.includes(name));
  return {
    ...form,
    fields: form.fields.map(({ error: _, ...field }, at) => {
      const given = Object.hasOwn(values, field.name) ? values[field.name] : undefined;
      const own = Object.hasOwn(errors, field.name) ? errors[field.name] : undefined;
      const all = [own, ...(at === 0 ? homeless.map(([, says]) => says) : [])].filter(Boolean);
      const initial = typeof given === "boolean" ? (given ? "yes" : "no") : given;
      return {
        ...field,
        ...(initial === undefined ? {} : { initial: String(initial) }),
        ...(all.length === 0 ? {} : { error: all.join(" ") }),
      };
    }),
  };
}
