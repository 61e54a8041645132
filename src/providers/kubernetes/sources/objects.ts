/** Documents into objects of a cluster: lists unfolded, shapes checked, what only a cluster writes left out. */
import { z } from "zod";
import { Json } from "../../../core/operation.ts";
import { refuse } from "../../../core/refusal.ts";
import type { KubeObject } from "../../../expand/object.ts";
import { line } from "../../../observe/text.ts";
import { documents, limits, tooMany } from "./yaml.ts";

const texts = z.record(z.string(), z.string("must be text: put it in quotes"));
const Shape = z.looseObject({
  apiVersion: z
    .string("is missing")
    .regex(/^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?v[a-z0-9]{1,30}$/, "is not right"),
  kind: z.string("is missing").regex(/^[A-Z][A-Za-z0-9]{0,62}$/, "is not right"),
  metadata: z.looseObject(
    {
      name: z
        .string("is missing")
        .regex(/^[A-Za-z0-9]([A-Za-z0-9._:-]{0,251}[A-Za-z0-9])?$/, "is not right"),
      namespace: z
        .string()
        .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "is not right")
        .nullish(),
      labels: texts.nullish(),
      annotations: texts.nullish(),
    },
    "is missing",
  ),
});
const json: z.ZodType<unknown> = Json;
const List = z.looseObject({ kind: z.string().regex(/List$/), items: z.array(z.unknown()) });

/** All of a text's objects. `where` names it for people. */
export function objectsIn(text: string, where: string): readonly KubeObject[] {
  return objectsOf(documents(text, where), where);
}

/** The same from data. Refuses the first thing that is no object, in one sentence. */
export function objectsOf(data: readonly unknown[], where: string): readonly KubeObject[] {
  const flat = data.flatMap((one) => {
    const list = List.safeParse(one);
    return list.success ? list.data.items : [one];
  });
  if (flat.length > limits.documents) tooMany(where);
  return flat.map((one) => {
    const shape = Shape.safeParse(one);
    // Apart, since zod would compare each key of both with each other one.
    const error = shape.error ?? json.safeParse(one).error;
    if (!error) return bare(one as KubeObject);
    const [issue] = error.issues;
    const known = Object(one) as { kind?: unknown; metadata?: { name?: unknown } | null };
    const of = [known.kind, known.metadata?.name].filter((part) => typeof part === "string");
    const what = of.length > 0 ? line(of.join(" "), 80) : "one of its objects";
    const field = issue?.path.length ? line(issue.path.join("."), 80) : "the object";
    return refuse(`${where}: ${what} cannot be used: ${field} ${says(issue?.message)}.`);
  });
}

/** For people: `Deployment web`. */
export const called = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.name}`;

const says = (message: string | undefined): string =>
  message && /^(is|must) /.test(message) ? message : "is not right";

/** Without what only the cluster writes, which files that came out of one often hold. */
function bare(object: KubeObject): KubeObject {
  const { status: _, ...rest } = object;
  const metadata = Object.entries(object.metadata).filter(
    ([name, value]) => !theirs.includes(name) && value !== null,
  );
  return { ...rest, metadata: Object.fromEntries(metadata) } as KubeObject;
}

const theirs = [
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "generation",
  "managedFields",
  "resourceVersion",
  "selfLink",
  "uid",
];
