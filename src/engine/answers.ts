/** Answers of the door: their messages, the end of what was said, and the audit row that tells of it. */
import type { Card, Form } from "../core/card.ts";
import type { Json } from "../core/operation.ts";
import type { Account } from "../core/person.ts";
import { type Intent, NotTaken, type Place } from "../core/surface.ts";
import { plain } from "../observe/text.ts";
import { appendAudit, type Deed } from "../store/audit.ts";
import type { Database, Sql } from "../store/database.ts";
import { answerIntent } from "../store/inbox.ts";
import { asJson } from "./acts.ts";
import { sha256 } from "./digest.ts";

/** The answer's message and the end of the intent. False, and nothing written, where it was answered before. */
export function writeCard(
  sql: Sql,
  intent: Intent,
  at: Place,
  card: Card,
  isPrivate: boolean,
): Promise<boolean> {
  const to = isPrivate ? intent.who.id : undefined;
  return answerIntent(sql, intent, { id: replyId(intent), at, card, to });
}

/** An answer to a click on one of our cards goes into that card's thread. */
export function answerPlace(intent: Intent, from: string | undefined): Place {
  return from === undefined || intent.at.thread !== undefined
    ? intent.at
    : { ...intent.at, thread: from };
}

/** The same for the same intent: answered twice, it has one answer. */
export function replyId(intent: Intent): string {
  return sha256([intent.at.surface, intent.key, "reply"]).slice(0, 20);
}

/** What was said and what came of it, as an audit row. */
export async function auditIntent(sql: Sql, ...deed: Parameters<typeof deedOf>): Promise<void> {
  await appendAudit(sql, deedOf(...deed));
}

export function deedOf(
  intent: Intent,
  person: string,
  did: string,
  { run, ...detail }: { readonly run?: string; readonly [name: string]: Json | undefined },
): Deed {
  const { said: by } = intent;
  const said =
    "text" in by
      ? { said: plain(by.text).slice(0, 500) }
      : { button: by.button, ...(by.values && { fields: Object.keys(by.values) }) };
  const known = asJson({ ...said, ...detail }) as { readonly [name: string]: Json };
  const deed = { person, surface: intent.at.surface, did, detail: known };
  return run === undefined ? deed : { ...deed, run };
}

/** The answer to an account that belongs to nobody. */
export function stranger(who: Account): Card {
  return {
    title: "I don't know you yet.",
    says: `Ask whoever runs Shipmate to add ${who.surface}: ${who.id} to your name in manifests/platform.yaml.`,
  };
}

/** Asks for what a form would have asked for, where nobody waits for the form any more. */
export function missing(form: Form): Card {
  const labels = form.fields.map(({ label }) => label).join(", ");
  const known = form.fields.flatMap(({ name, initial }) =>
    initial === undefined ? [] : [[name, initial]],
  );
  return {
    title: `Something is missing to ${form.command}: ${labels}.`,
    buttons: [{ label: "Fill it in", command: form.command, args: Object.fromEntries(known) }],
  };
}

/** Why it could not be stored, for whoever said it. */
export function notTaken(database: Database, cause: unknown): NotTaken {
  const why = database.full?.()
    ? "the database's disk is full. Try again when somebody has made room."
    : "the database does not answer. Try again in a minute.";
  return new NotTaken(`This was not taken: ${why}`, { cause });
}
