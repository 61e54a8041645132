/** What the API gives, as the page uses it. */
export interface Button {
  readonly id: string;
  readonly label: string;
}
export type Tone = "busy" | "waiting" | "good" | "bad" | "calm";
export interface Message {
  readonly id: string;
  readonly number: number;
  readonly channel: string;
  readonly kind: string;
  readonly author: string | null;
  readonly run: string | null;
  readonly private: boolean;
  readonly at: number;
  readonly edited: number | null;
  readonly text: string;
  readonly card: {
    readonly title: string;
    readonly state?: { readonly tone: Tone; readonly word: string };
    readonly says?: string;
    readonly buttons: readonly Button[];
  } | null;
  readonly adaptive: object | null;
  /** Told just now, and not known before. */
  readonly isNew?: boolean;
}
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly teams: readonly string[];
  readonly rights: string;
}
export interface Channel {
  readonly name: string;
  readonly last: number;
}
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly kind: "text" | "choice" | "number" | "yes-no";
  readonly required: boolean;
  readonly hint?: string;
  readonly initial?: string;
  readonly choices?: readonly { readonly value: string; readonly hint?: string }[];
  readonly error?: string;
}
export interface Form {
  readonly id: string;
  readonly title: string;
  readonly says?: string;
  readonly submit: string;
  readonly fields: readonly Field[];
}
export interface Answer {
  readonly is: "card" | "run" | "form" | "seen";
  readonly form?: Form;
}
export interface Completion {
  readonly from: number;
  readonly items: readonly { readonly value: string; readonly hint: string }[];
  readonly usage: readonly {
    readonly text: string;
    readonly is: "done" | "now" | "later";
    readonly optional: boolean;
  }[];
  readonly summary: string;
}
export interface RunRow {
  readonly id: string;
  readonly number: number;
  readonly title: string;
  readonly state: string;
  readonly says: string;
  readonly by: string;
  readonly at: number;
  readonly ended: number | null;
  readonly digest: string | null;
}
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };
export interface Change {
  readonly of: string;
  readonly field?: string;
  readonly from: Json;
  readonly to: Json;
}
export interface Plan {
  readonly step: string;
  readonly state: string;
  readonly why: string | null;
  readonly digest: string;
  readonly at: number;
  readonly expires: number | null;
  readonly needs: readonly {
    readonly of: string;
    readonly count: number;
    readonly people: readonly string[];
  }[];
  readonly rule: string;
  readonly acts: readonly {
    readonly place: string;
    readonly kind: string;
    readonly provider: string;
    readonly says: string;
    readonly on: readonly string[];
    readonly same: boolean;
    readonly changes: readonly Change[];
    readonly timeout: string | null;
    readonly irreversible: string | null;
  }[];
}
export interface RunDetails extends RunRow {
  readonly plan: Plan | null;
  readonly votes: readonly {
    readonly person: string;
    readonly vote: string;
    readonly why: string | null;
    readonly digest: string;
    readonly withdrawn: number | null;
  }[];
  readonly timeline: readonly {
    readonly at: number;
    readonly says: string;
    readonly tone: Tone;
    readonly detail?: string;
  }[];
}
export interface Running {
  readonly environment: string;
  readonly version?: string | null;
  readonly ready?: number;
  readonly of?: number;
  readonly url?: string | null;
  readonly since?: number | null;
  readonly why?: string;
  readonly unknown?: string;
}
export interface Services {
  readonly environments: readonly { readonly name: string; readonly approval: string }[];
  readonly services: readonly {
    readonly name: string;
    readonly owner: string;
    readonly says: string;
    readonly running: readonly Running[];
  }[];
}
