/** The order of the test files: the longest first, so that none of them is alone at the end while a worker has nothing to do. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Those that wait much, in real time. */
const slow = [
  "test/kubernetes/api-server.",
  "test/kubernetes/kill.",
  "test/kubernetes/crowded.",
  "test/kubernetes/later.",
  "test/kubernetes/lost.",
  "test/demo-kubernetes.",
  "test/kubernetes/rights.",
  "test/kubernetes/two.",
  "test/kill.servers.",
  "test/start.servers.",
  "test/chaos/coming.",
  "test/store/pglite.servers.",
  "test/engine/poison.servers.",
  "test/engine/modes.",
];
/** The longest of the short ones. */
const long = ["test/engine/scenarios.test.", "test/sim/sim.test."];

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other));
  }
}

function place({ moduleId, project }: TestSpecification): number {
  const at = slow.findIndex((name) => moduleId.includes(name));
  if (at >= 0) return at;
  // Many short ones, side by side in few processes, fill what is left at the end.
  if (project.name !== "quick") return slow.length;
  return slow.length + (long.some((name) => moduleId.includes(name)) ? 1 : 2);
}
