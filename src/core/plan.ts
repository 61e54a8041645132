/** What a change would do: previews, and the plan that people read, hash and approve. */
import type { Act, Json, Target } from "./operation.ts";

/** One line of a diff. `of` is the object in a person's words, `field` what of it; `from` null means new, `to` null means gone. */
export interface Change {
  readonly of: string;
  readonly field?: string;
  readonly from: Json;
  readonly to: Json;
  /** Who set what is there now, where it was not us: `kubectl`. */
  readonly by?: string;
}

/** Objects by name with a short value that changes exactly when the object changes in what matters. */
export type Seen = { readonly [object: string]: Json };

/** What one effect would do. */
export type Preview<R> =
  /** Nothing to do, and this is the result. */
  | { readonly same: R }
  | {
      /** What people read. */
      readonly changes: readonly [Change, ...Change[]];
      /** What it rests on: in the digest, and run's precondition. */
      readonly seen: Seen;
      /** The same objects afterwards: later operations' previews build on it. */
      readonly will: Seen;
      /** What of the result is known before; run must keep it. */
      readonly knows?: Partial<R>;
      /** Convergent operations that put it back, or why nothing can. */
      readonly undo: readonly Act[] | { readonly irreversible: string };
      /** What `undo` does not put back: `Cluster web-db with its data`. */
      readonly stays?: string;
      /** A saved plan file by its hash. */
      readonly keep?: { readonly hash: string; readonly ref: string };
    };

/** One operation in its place: `2` is the third act, `1.0.2` the third act of the first part of the second act. */
export interface PlanNode {
  readonly place: string;
  readonly kind: "effect" | "until";
  readonly op: string;
  /** Late values stand as `{ $from: place, path }`. */
  readonly input: Json;
  /** Which provider serves it. */
  readonly provider: string;
  readonly says: string;
  readonly on: readonly Target[];
  readonly preview: Preview<Json>;
  readonly every?: string;
  readonly timeout?: string;
}

/** A group's kind and where it stands; it decides what a failure takes back, so it is part of what is approved. */
export interface PlanGroup {
  readonly place: string;
  readonly kind: "all" | "each";
  readonly parts: number;
}

/** Whose votes a plan needs: `count` of `people`. `of` says it in a word, `payments`. */
export interface Need {
  readonly of: string;
  readonly count: number;
  readonly people: readonly string[];
}

/** One change, previewed. Its digest covers the requester, the nodes and groups, and the policy's version. */
export interface Plan {
  /** SHA-256 in hex; people see the first 8 digits. */
  readonly digest: string;
  readonly requester: string;
  readonly nodes: readonly PlanNode[];
  readonly groups: readonly PlanGroup[];
  readonly targets: readonly Target[];
  readonly policy: string;
  /** Empty: nobody has to approve, because of `rule`. */
  readonly needs: readonly Need[];
  readonly rule: string;
  /** How long an approval is waited for, in milliseconds. */
  readonly expires: number;
}

/** JSON with sorted keys and without undefined: equal values have equal text. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  let text = "";
  for (const key of Object.keys(value).sort()) {
    const of = Reflect.get(value, key);
    if (of !== undefined)
      text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${canonical(of)}`;
  }
  return `{${text}}`;
}
