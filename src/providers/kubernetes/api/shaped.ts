/** What any object of a cluster's API has. */
import { z } from "zod";
import type { KubeObject } from "../../../expand/object.ts";

const shape = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});

/** Checked, and the same object. */
export const Shaped: z.ZodType<KubeObject> = z.custom<KubeObject>(
  (value) => shape.safeParse(value).success,
  "not an object of Kubernetes",
);
