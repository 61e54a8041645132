/** What the doctor found out about one thing, in one sentence for people. */
import { Refusal } from "../core/refusal.ts";
import { faultText } from "../engine/faults.ts";

export interface Finding {
  /** What was looked at: `Database`. */
  readonly of: string;
  /** `note`: nothing to do now. `wrong` says what to do. */
  readonly is: "good" | "note" | "wrong";
  readonly says: string;
}

export type Look = () => Promise<readonly Finding[]>;

/** The findings of one thing. */
export function about(of: string) {
  const finding =
    (is: Finding["is"]) =>
    (says: string): Finding => ({ of, is, says });
  return { good: finding("good"), note: finding("note"), wrong: finding("wrong") };
}

/** How long one thing is looked at, in milliseconds. */
const patience = 60_000;

/** Looks; whatever goes wrong becomes a finding too. */
export async function looked(of: string, look: Look): Promise<readonly Finding[]> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("it took too long")), patience);
  try {
    return await Promise.race([look(), late.promise]);
  } catch (error) {
    const says =
      error instanceof Refusal
        ? error.message
        : `This could not be looked at (${faultText(error)}): start the doctor again, and look there by hand where it stays so.`;
    return [about(of).wrong(says)];
  } finally {
    clearTimeout(timer);
  }
}
