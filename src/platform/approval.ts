/** What an environment asks before something changes in it, in words. */
import type { Platform } from "./schema.ts";

type Approval = Platform["environments"][string]["approval"];

/** `nobody`, `one of the owning team`, `2 of security`. */
export function whoIsAsked(approval: Approval): string {
  if (approval === undefined) return "nobody";
  const count = approval.count === 1 ? "one" : String(approval.count);
  return `${count} of ${approval.from === "owners" ? "the owning team" : approval.from}`;
}
