/** What the scenarios know of a chat: people who say words, see cards, press buttons, fill in forms and are told things. */

/** Somebody in one place of one chat. */
export interface Talker {
  /** Says a command there. */
  says(words: string): Promise<void>;
  /** The run's card with this title, as this person sees it, once its state begins with `word`. */
  sees(title: string, word: string): Promise<Seen>;
  /** Fills in the form that is open for this person (where a form has to be opened first, opens it) and sends it. */
  fills(values: { readonly [field: string]: string }): Promise<void>;
  /** What this person alone was told, since they last did something, once it fits. */
  isTold(what: RegExp): Promise<string>;
  /** An answer (or what was said beside a card) whose text fits, whole: what was folded is unfolded, a file is opened. */
  reads(what: RegExp): Promise<string>;
}

/** A card at one moment. */
export interface Seen {
  /** Every word on it. */
  readonly text: string;
  readonly buttons: readonly string[];
  /** Presses what stood there at that moment, whatever stands there by now; says yes where it asks. */
  press(label: string): Promise<void>;
}

/** One chat, or one way of talking with it, around which a whole Shipmate is started. */
export interface Chat {
  /** As platform.yaml calls it. */
  readonly surface: "slack" | "teams" | "console";
  /** Settings of the Shipmate that it is connected to. */
  readonly settings: { readonly [name: string]: string };
  /** Somebody's account there, for platform.yaml; the console needs none. */
  account(person: string): string | undefined;
  /** The channel of this name, as the chat calls it. */
  channel(name: string): string;
  /** Shipmate listens there. */
  connect(url: string): void;
  /** Somebody in the channel of this name, or alone with Shipmate where none is named. */
  person(name: string, channel?: string): Promise<Talker>;
  /** What the chat would have refused of all that was sent to it, a sentence each. */
  faults(): readonly string[];
  close(): Promise<void>;
}

/** Looks until something is there; throws after `limit` milliseconds with what was waited for. */
export async function until<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  limit = 150_000,
): Promise<T> {
  const end = performance.now() + limit;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`waited ${limit / 1000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
