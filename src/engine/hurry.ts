/** Who goes before whom, as the store knows it. */
import type { Workflow } from "../core/workflow.ts";

/** 1: before others, -1: after them. */
export function hurryOf(workflow: Pick<Workflow, "hurry"> | undefined): number {
  if (workflow?.hurry === undefined) return 0;
  return workflow.hurry === "first" ? 1 : -1;
}
