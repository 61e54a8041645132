/** What the parts of one change share: where its entries stand, its plan, and what its results are. */
import { z } from "zod";
import type { Act, Json, Target } from "../core/operation.ts";
import type { Plan, PlanNode } from "../core/plan.ts";
import { Jsonb } from "../store/database.ts";
import type { Limit } from "../store/locks.ts";
import { type Acts, fillBlanks } from "./acts.ts";
import { Ended, ends } from "./ends.ts";
import type { Operations } from "./operations.ts";
import type { PlanPolicy } from "./policy.ts";
import { keyOf, type Progress } from "./progress.ts";

export interface ChangeParts {
  readonly operations: Operations;
  readonly policy: PlanPolicy;
  /** A person's name for their id. */
  readonly nameOf: (person: string) => string;
  /** The accounts by which these people are called, by surface. */
  readonly accountsOf: (people: readonly string[]) => Accounts;
  /** How many others may carry out changes of such targets at once, by whose they are. */
  readonly limits: (targets: readonly Target[]) => readonly Limit[];
  /** These runs were rung in SQL. */
  readonly ring: (runs: readonly string[]) => void;
}

export type Accounts = { readonly [surface: string]: readonly string[] };

export interface Changing {
  readonly parts: ChangeParts;
  readonly progress: Progress;
  readonly step: string;
  /** A key of this change in the journal. */
  key(...rest: readonly string[]): string;
  /** The plan that was begun. */
  plan(): Plan;
  node(place: string): PlanNode;
  /** The result of an operation that was done. */
  result(place: string): Json | undefined;
  /** Puts the results that are there into the place of late values. */
  filled(input: Json): Json;
}

/** A change as the code asks for it. */
export interface Asked extends Changing {
  readonly list: readonly Act[];
  readonly acts: Acts;
}

/** A result in the journal. */
export const Did = z.object({ result: Jsonb });
export const Begun = z.object({ plan: z.number(), shape: z.string() });
export const Undoing = z.object({ says: z.string(), end: z.enum(ends) });

export function changing(parts: ChangeParts, progress: Progress, step: string): Changing {
  const key = (...rest: readonly string[]) => keyOf(step, ...rest);
  const plan = (): Plan => {
    const row = progress.plans.get(step);
    if (!row) throw new Error(`"${step}" of run ${progress.run.id} has no plan`);
    return row.body;
  };
  const result = (place: string): Json | undefined => {
    const did = progress.get(key(place, "did"));
    return did === undefined ? undefined : Did.parse(did).result;
  };
  return {
    parts,
    progress,
    step,
    key,
    plan,
    node(place) {
      const node = plan().nodes.find((n) => n.place === place);
      if (!node) throw new Error(`"${step}" has nothing planned at ${place}`);
      return node;
    },
    result,
    filled: (input) => fillBlanks(input, result) as Json,
  };
}

/** A cancel is told once, as a refusal at the step that is under way, so that an author may clean up. */
export async function heedCancel(progress: Progress, step: string): Promise<void> {
  const { cancel } = progress.run;
  if (!cancel) return;
  const at = progress.get("cancelled");
  if (at === undefined) await progress.put([{ key: "cancelled", value: step }]);
  if ((at ?? step) === step) throw new Ended("cancelled", `${cancel.name} cancelled this.`);
}
