/** What a release asks of the cluster. */
import type { KubeObject } from "../../expand/object.ts";
import type { Ref } from "./types.ts";

export interface Wanted {
  readonly objects: readonly KubeObject[];
  /** What we hold and no longer render. */
  readonly delete: readonly Ref[];
}
