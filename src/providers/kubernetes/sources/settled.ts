/** What people may write, in the one way in which it can be applied again and again. */
import type { KubeObject } from "../../../expand/object.ts";

/**
 * A Secret's `stringData` becomes `data`, since a key that is left out later would else stay for ever; and a workload
 * that an autoscaler here scales has no number of replicas, which would be set back with each release.
 */
export function settled(objects: readonly KubeObject[]): readonly KubeObject[] {
  const scaled = new Set(objects.flatMap((object) => scaledBy(object) ?? []));
  return objects.map((object) => {
    if (object.apiVersion === "v1" && object.kind === "Secret") return encoded(object);
    return scaled.has(`${object.kind}/${object.metadata.name}`) ? unscaled(object) : object;
  });
}

function scaledBy({ kind, apiVersion, spec }: KubeObject): string | undefined {
  if (kind !== "HorizontalPodAutoscaler" || !apiVersion.startsWith("autoscaling/"))
    return undefined;
  const target = fields(fields(spec)["scaleTargetRef"]);
  return `${target["kind"]}/${target["name"]}`;
}

function encoded(secret: KubeObject): KubeObject {
  const { stringData, ...rest } = secret;
  if (stringData === undefined) return secret;
  const texts = Object.entries(fields(stringData)).map(([name, value]) => [
    name,
    typeof value === "string" ? Buffer.from(value).toString("base64") : value,
  ]);
  return {
    ...rest,
    data: { ...fields(secret["data"]), ...Object.fromEntries(texts) },
  } as KubeObject;
}

function unscaled(workload: KubeObject): KubeObject {
  const { replicas: _, ...spec } = fields(workload["spec"]);
  return { ...workload, spec } as KubeObject;
}

const fields = (data: unknown): Readonly<Record<string, unknown>> =>
  typeof data === "object" && data !== null && !Array.isArray(data)
    ? (data as Readonly<Record<string, unknown>>)
    : {};
