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
];

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other));
  }
}

function place({ moduleId }: TestSpecification): number {
  const at = slow.findIndex((name) => moduleId.includes(name));
  return at < 0 ? slow.length : at;
}
