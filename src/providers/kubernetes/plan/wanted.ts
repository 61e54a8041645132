/** What a release asks of the cluster. */
import type { Seen } from "../../../core/plan.ts";
import type { KubeObject } from "../../../expand/object.ts";
import type { Ref } from "../types.ts";

export interface Wanted {
  readonly objects: readonly KubeObject[];
  /** Of the objects those that an earlier operation of the same plan makes, with what they will be. */
  readonly comes?: Seen;
  /** What we hold and no longer render. */
  readonly delete: readonly Ref[];
}
