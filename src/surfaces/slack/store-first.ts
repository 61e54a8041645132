/**
 * Bolt with one order of things: hear, store, acknowledge, enter.
 *
 * Bolt itself acknowledges events before any listener runs, and knows no doubles. Here nothing is
 * acknowledged that is not one committed row, and a second delivery is acknowledged and does nothing.
 */
import type { Receiver, ReceiverEvent } from "@slack/bolt";
import { App } from "@slack/bolt";
import { type Door, NotTaken } from "../../core/surface.ts";
import type { Heard } from "./heard.ts";
import { hear } from "./heard.ts";
import type { Log } from "./log.ts";
import { boltLog } from "./log.ts";

type Intended = Extract<Heard, { is: "intent" }>;
type Foreign = Extract<Heard, { is: "foreign" }>;

export class StoreFirst extends App {
  readonly #parts: Parts;

  constructor(receiver: Receiver, parts: Parts) {
    super({
      receiver,
      // Given so that Bolt needs no call to Slack at the start; we never use its clients.
      authorize: async () => ({}),
      convoStore: false,
      ignoreSelf: false,
      logger: boltLog(parts.log),
    });
    this.#parts = parts;
  }

  /** Throws, so that the delivery is not acknowledged and comes again, where the row can't be stored. */
  override async processEvent(event: ReceiverEvent): Promise<void> {
    const { home, foreign } = this.#parts;
    const heard = hear(event.body, home());
    if (heard.is === "intent") return await this.#take(heard, event);
    if (heard.is === "nothing") return await event.ack();
    await event.ack(refused(heard.by, outsider));
    if (heard.by === "event" || heard.by === "click") foreign(heard);
  }

  async #take(heard: Intended, event: ReceiverEvent): Promise<void> {
    const { door, entered, log } = this.#parts;
    if (heard.form !== undefined) {
      const errors = shownAt(heard.form.fields, door.check(heard.form.command, heard.form.values));
      if (errors !== undefined) return await event.ack({ response_action: "errors", errors });
    }
    let stored: "new" | "seen";
    try {
      stored = await door.store(heard.intent);
    } catch (error) {
      const says = error instanceof NotTaken ? error.message : away;
      const answer = refused(heard.by, says, heard.form?.fields[0]);
      if (answer === undefined) throw error;
      log("error", "storing what somebody said", error);
      return await event.ack(answer);
    }
    // What is stored will be done, whether or not Slack still listens.
    await event.ack().catch((error: unknown) => log("warn", "acknowledging to Slack", error));
    if (stored === "new") entered(heard);
  }
}

export interface Parts {
  readonly door: Door;
  /** Our workspace's id, once it is known. */
  home(): string | undefined;
  /** Goes on with what is stored and acknowledged. */
  entered(heard: Intended): void;
  /** Tells somebody from outside. */
  foreign(heard: Foreign): void;
  readonly log: Log;
}

export const outsider = "Only people of the workspace that Shipmate is installed in can use it.";
const away = "This was not taken: the database does not answer. Try again in a minute.";

/** The acknowledgement that says no, where its kind has room for words. */
function refused(
  by: Heard extends infer H ? (H extends { by: infer B } ? B : never) : never,
  says: string,
  field?: string,
) {
  if (by === "command") return { response_type: "ephemeral", text: says };
  if (by === "form" && field !== undefined)
    return { response_action: "errors", errors: { [field]: says } };
  return undefined;
}

/** Slack refuses errors at names that the view does not have: those are shown at the first field. */
function shownAt(
  fields: readonly string[],
  errors: { readonly [field: string]: string },
): { readonly [field: string]: string } | undefined {
  const all = Object.entries(errors);
  if (all.length === 0) return undefined;
  const first = fields[0] ?? "";
  return Object.fromEntries(
    all
      .toReversed()
      .map(([field, says]) => [fields.includes(field) ? field : first, says.slice(0, 300)]),
  );
}
