/** A message as data. Renderers make Block Kit, Adaptive Cards or a terminal of it. */

/** A button is a command that nobody has said yet. What it does not give, a form asks. */
export interface Say {
  readonly label: string;
  readonly command: string;
  readonly args: unknown;
  /** The one that most readers want next. At most one a card. */
  readonly primary?: boolean | undefined;
  /** Asks this question before it is said. Set for what hurts when pressed by mistake. */
  readonly confirm?: string | undefined;
  /** The only people whom it is meant for, by id: a surface that can tell readers apart shows it to nobody else. */
  readonly for?: readonly string[] | undefined;
}

/** `busy` works by itself, `waiting` wants a person, `good` and `bad` are ends (or stuck), `calm` is neutral. */
export type Tone = "busy" | "waiting" | "good" | "bad" | "calm";

/** All texts are plain text: a renderer escapes them, and none of them is ever markup, a mention or a link. */
export interface Card {
  /** As a person would say it: `Deploy web 1.4.2 to production`. */
  readonly title: string;
  /** Shown with an icon and the word, never by colour alone. */
  readonly state?: { readonly tone: Tone; readonly word: string };
  /** One clear sentence, then the next step. */
  readonly says?: string;
  /** What changes, a line each. A renderer shows the first five and folds the rest. */
  readonly changes?: readonly ChangeLine[];
  /** Name and value pairs: who asked, who approved. */
  readonly fields?: { readonly [name: string]: string };
  /** A table; `columns` are its headings. */
  readonly columns?: readonly string[];
  readonly rows?: readonly (readonly string[])[];
  readonly code?: { readonly text: string; readonly language?: string };
  readonly chart?: {
    readonly label: string;
    readonly points: readonly (readonly [number, number])[];
  };
  /** `3 of 5`. */
  readonly progress?: { readonly done: number; readonly of: number };
  /** Small print: run number, digest, duration. */
  readonly facts?: readonly string[];
  /** http and https only; they come from providers, never from what somebody typed. */
  readonly links?: readonly { readonly label: string; readonly url: string }[];
  /** At most three for most readers, the safest first. */
  readonly buttons?: readonly Say[];
}

/** One line of a diff in plain words: `image` `1.4.1` `1.4.2`. `from` absent: new. `to` absent: gone. */
export interface ChangeLine {
  readonly what: string;
  readonly from?: string;
  readonly to?: string;
  /** Why nothing can take it back, where nothing can. */
  readonly irreversible?: string;
}

/** A button as a surface gets it: an opaque id behind which our row is the truth. */
export interface Button {
  readonly id: string;
  readonly label: string;
  readonly primary?: boolean;
  readonly confirm?: string;
  /** The only accounts of this surface that it is meant for. */
  readonly for?: readonly string[];
}

/** A card ready to be drawn: its buttons have ids. */
export type DrawnCard = Omit<Card, "buttons"> & { readonly buttons: readonly Button[] };

/** A form made from a command's schema. It is sent back as a click on `id` with its values. */
export interface Form {
  readonly id: string;
  readonly command: string;
  readonly title: string;
  readonly says?: string;
  readonly submit: string;
  readonly fields: readonly Field[];
}
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly kind: "text" | "choice" | "number" | "yes-no";
  readonly required: boolean;
  readonly hint?: string;
  readonly initial?: string;
  readonly choices?: readonly Choice[];
  /** What was wrong with the last try. */
  readonly error?: string;
}
/** One possible value. */
export interface Choice {
  readonly value: string;
  readonly hint?: string;
}
