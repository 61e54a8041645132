/** Surfaces: where people talk with us. In: verify, store, hand on an intent. Out: post, edit, open. */
import type { Button, Card, DrawnCard, Form } from "./card.ts";
import type { Json } from "./operation.ts";
import type { Account } from "./person.ts";

/** A channel on a surface, and perhaps a thread in it. */
export interface Place {
  readonly surface: string;
  readonly channel: string;
  readonly thread?: string;
}

/** What somebody said, by whatever means. One event of a surface makes one intent. */
export interface Intent {
  /** Unique for the event on its surface: a second delivery has the same. */
  readonly key: string;
  readonly who: Account;
  readonly at: Place;
  readonly said: /** `fill`: what is missing is asked for, and nothing is done yet, whatever the words say. */
    | { readonly text: string; readonly fill?: true }
    /** `message` is the surface's own reference of the message that was clicked, where it tells. */
    | {
        readonly button: string;
        readonly message?: string;
        readonly values?: { readonly [field: string]: Json };
      };
}

/** What came of an intent. Cards and runs are delivered by the outbox; a form must be opened at once by the surface. */
export type Answer =
  | { readonly is: "card"; readonly card: Card; readonly private: boolean }
  | { readonly is: "run"; readonly run: string }
  | { readonly is: "form"; readonly form: Form }
  /** The same event came before. */
  | { readonly is: "seen" };

/** What was said could not be stored: nothing comes of it. The message is for whoever said it. */
export class NotTaken extends Error {
  override readonly name = "NotTaken";
}

/** The one door, as surfaces see it. */
export interface Door {
  /** One committed inbox row; `seen` for a second delivery. Call it before the ack. Throws NotTaken where the database can't take it. */
  store(intent: Intent): Promise<"new" | "seen">;
  /** Parse, person, policy, act. Call it after the ack. Never throws an expected "no": that is a private card. */
  enter(key: string, surface: string): Promise<Answer>;
  /**
   * Somebody's client shows a message of ours at `ref`, in this channel (or, for `owner`, in their own chat). Writes
   * that down where a lost answer kept it from us, and gives the reference that counts; undefined where that message
   * has no place there.
   */
  stands(
    message: string,
    at: { readonly surface: string; readonly channel: string; readonly owner?: string },
    ref: string,
  ): Promise<string | undefined>;
  /** Field errors of a form by name, from its schema alone: pure, for the body of an ack. */
  check(
    command: string,
    values: { readonly [field: string]: Json },
  ): { readonly [field: string]: string };
}

/** A message to be posted or edited. */
export interface OutMessage {
  /** Stable for the life of the message; put into its metadata so that it can be found after a lost answer. */
  readonly id: string;
  readonly card: DrawnCard;
  /** Only this account may see it. */
  readonly to?: string;
  /** Accounts here that are mentioned, so that they are notified, when it is posted; never by an edit. */
  readonly calls?: readonly string[];
  /** A form drawn as part of a message, on surfaces without dialogs. */
  readonly form?: Form;
}

/** The surface asks for patience, in milliseconds (its own Retry-After). */
export class Patience extends Error {
  override readonly name = "Patience";
  readonly wait: number;
  /** Whether the chat itself asked (429), rather than our own care not to let it come to that. */
  readonly asked: boolean;
  constructor(wait: number, { asked = false }: { readonly asked?: boolean } = {}) {
    super(`asked to wait ${wait} ms`);
    this.wait = wait;
    this.asked = asked;
  }
}
/** The message (or its channel) is not there any more. */
export class Gone extends Error {
  override readonly name = "Gone";
}

/**
 * How much a chat takes: `most` at once, then one every `every` milliseconds. The database counts it, so that it holds
 * for all processes together; what the chat itself asks for (`Patience`) uses it up.
 */
export interface Budget {
  /** What it counts: messages that are posted, messages that are changed, or both. */
  readonly of: "posts" | "edits" | "all";
  /** For each channel, or for all of them together. */
  readonly per: "channel" | "app";
  readonly most: number;
  readonly every: number;
}

/** A way out. Errors that are neither Patience nor Gone leave the outcome unknown. */
export interface Surface {
  readonly name: string;
  /** The least time between two edits of one message, in milliseconds. */
  readonly pace: number;
  /** All of them hold at once. Absent: it takes whatever comes. */
  readonly budgets?: readonly Budget[];
  /** Posts and gives a durable reference. */
  post(place: Place, message: OutMessage, signal: AbortSignal): Promise<string>;
  /** Changes a message in place. */
  edit(place: Place, ref: string, message: OutMessage, signal: AbortSignal): Promise<void>;
  /** Looks for a message by its id after a lost answer. Absent: posting the same id twice makes one message. */
  find?(place: Place, id: string, signal: AbortSignal): Promise<string | undefined>;
  close(): Promise<void>;
}

export type { Button, DrawnCard, Form };
