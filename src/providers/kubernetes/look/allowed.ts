/**
 * Looks that Shipmate answers from its own watches and records. Where people act with their own rights on a cluster,
 * what they may not read there they are not told either.
 */
import { refuse } from "../../../core/refusal.ts";
import type { Cluster, Spot } from "../types.ts";
import type { Place } from "./reading.ts";

export interface Asking {
  readonly spotOf: (at: Place) => Spot;
  /** The cluster with the person's rights; undefined where Shipmate's own count for everybody. */
  readonly theirs: (at: Place, person: string | undefined) => Cluster | undefined;
}
interface Kind {
  readonly group?: string;
  readonly resource: string;
}
type Look<I, R> = (input: I, signal: AbortSignal, by?: string) => Promise<R>;

/** The look for whoever may list this kind in the namespace; all others are refused in a sentence. */
export function allowed<I extends Place, R>(
  { spotOf, theirs }: Asking,
  kind: Kind,
  look: Look<I, R>,
): Look<I, R> {
  return async (input, signal, by) => {
    const { namespace } = spotOf(input);
    const may = await theirs(input, by)?.mayI("list", { ...kind, namespace }, signal);
    if (may === false)
      refuse(
        `You may not see what runs in ${namespace}: ask whoever gives rights there for the role view.`,
      );
    return look(input, signal, by);
  };
}
