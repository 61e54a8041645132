/** What a drive may write a moment later: it goes along with whatever is written next, or alone where nothing is. */
import type { Deed } from "../store/audit.ts";
import type { Entry } from "../store/journal.ts";

export interface Owed {
  readonly entries: readonly Entry[];
  readonly audit: readonly Deed[];
  /** The card shows it. */
  readonly shows: boolean;
  /** A power cut may lose it. */
  readonly soft: boolean;
}

export const nothing: Owed = { entries: [], audit: [], shows: false, soft: true };

/** Both, the first before the second. Of a key the last value counts; `gone` leaves keys of the first out. */
export function joined(first: Owed, then: Owed, gone: readonly string[] = []): Owed {
  const kept = first.entries.filter(({ key }) => !gone.includes(key));
  const values = new Map([...kept, ...then.entries].map(({ key, value }) => [key, value]));
  return {
    entries: [...values].map(([key, value]) => ({ key, value })),
    audit: [...first.audit, ...then.audit],
    shows: first.shows || then.shows,
    soft: first.soft && then.soft,
  };
}
