/** Makes the plan of a change: previews each effect in order, each building on what those before it will have made. */
import type { Effect, Json } from "../core/operation.ts";
import type { Plan, PlanNode, Preview } from "../core/plan.ts";
import { type Acts, asJson, isBefore } from "./acts.ts";
import { digestOf } from "./digest.ts";
import type { Operations } from "./operations.ts";
import type { PlanPolicy } from "./policy.ts";

export interface Planning {
  readonly acts: Acts;
  readonly operations: Operations;
  readonly policy: PlanPolicy;
  readonly workflow: string;
  /** The run's input, for policy. */
  readonly input: Json;
  readonly requester: string;
  /** The plan before, for providers that keep their earlier answer while it still stands. */
  readonly before?: Plan | undefined;
  readonly signal: AbortSignal;
}

/** Throws a Refusal where a provider or the policy says no; anything else is a fault of a provider. */
export async function makePlan(planning: Planning): Promise<Plan> {
  const { acts, before } = planning;
  const nodes: PlanNode[] = [];
  const known = new Map<string, unknown>();
  const objects = new Map<string, Json>();
  for (const { place, act } of acts.placed) {
    const wanted = act.kind === "until" ? act.look : act;
    const input = asJson(
      acts.fill(wanted.input, (from) => {
        if (!isBefore(from, place))
          throw new Error(`from() at ${place} names an operation that is not before it`);
        return known.get(from);
      }),
    );
    if (act.kind === "until") {
      const { every, timeout } = act;
      planning.operations.expectLook(act.look.op);
      const provider = planning.operations.provider(act.look.op, input);
      const says = "wait until it is good";
      const preview = { same: {} };
      const node = { place, kind: "until", op: act.look.op, input, provider } as const;
      nodes.push({ ...node, says, on: [], preview, every, timeout });
      continue;
    }
    const earlier = before?.nodes.find((node) => node.place === place)?.preview;
    const preview = await previewed(planning, act, input, earlier, objects);
    known.set(place, "same" in preview ? preview.same : preview.knows);
    if ("will" in preview) {
      for (const [object, value] of Object.entries(preview.will)) objects.set(object, value);
    }
    const spec = planning.operations.effectSpec(act.op);
    const provider = planning.operations.provider(act.op, input);
    const node = { place, kind: "effect", op: act.op, input, provider } as const;
    nodes.push({ ...node, says: spec.says(input), on: spec.on(input), preview });
  }
  const { requester, workflow, input } = planning;
  const draft = { requester, nodes, targets: targetsOf(acts, planning.operations) };
  const decided = planning.policy({ ...draft, workflow, input });
  const plan = { ...draft, groups: acts.groups, ...decided };
  return { ...plan, digest: digestOf(plan) };
}

/** Where the effects go; known without a preview, because `on` sees no late value. */
export function targetsOf(acts: Acts, operations: Operations): Plan["targets"] {
  const targets = acts.placed.flatMap(({ act }) =>
    act.kind === "until" ? [] : operations.effectSpec(act.op).on(act.input),
  );
  return [...new Set(targets)].sort();
}

/** Whether nothing would change. */
export function isEmpty(plan: Plan): boolean {
  return plan.nodes.every((node) => "same" in node.preview);
}

async function previewed(
  planning: Planning,
  act: Effect,
  input: Json,
  before: Preview<Json> | undefined,
  objects: ReadonlyMap<string, Json>,
): Promise<Preview<Json>> {
  const preview = await planning.operations.preview(act.op, input, {
    self: act as Effect<Json>,
    before,
    planned: (object) => objects.get(object),
    by: planning.requester,
    signal: planning.signal,
  });
  return undoAsData(planning.acts, preview);
}

/** An undo may hold `from(self, …)`: in the plan it stands as a blank. */
function undoAsData(acts: Acts, preview: Preview<Json>): Preview<Json> {
  if ("same" in preview || "irreversible" in preview.undo) return asJson(preview) as typeof preview;
  const undo = preview.undo.map((act) =>
    act.kind === "effect" ? { ...act, input: acts.fill(act.input, () => undefined) } : act,
  );
  return asJson({ ...preview, undo }) as unknown as Preview<Json>;
}
