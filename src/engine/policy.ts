/** What the engine asks of policy, so that rules can grow without it. */
import type { Json } from "../core/operation.ts";
import type { Plan } from "../core/plan.ts";

/** Who must approve this plan. A Refusal where the requester may not change these targets at all. */
export type PlanPolicy = (
  draft: Pick<Plan, "requester" | "nodes" | "targets"> & {
    readonly workflow: string;
    /** The run's own input: what was asked for. */
    readonly input: Json;
  },
) => Pick<Plan, "policy" | "needs" | "rule" | "expires">;
