/** Secrets and ConfigMaps that pods need and that will not be there: they would keep the pods from starting. */
import { refuse } from "../../../core/refusal.ts";
import type { KubeObject } from "../../../expand/object.ts";
import { line } from "../../../observe/text.ts";
import { groupOf, isBuiltIn } from "../order.ts";
import { inTens } from "../tens.ts";
import { ApiError, type Cluster, type Spot } from "../types.ts";
import { isMap, type Value } from "./diff.ts";
import { containersOf, mapsIn, templateOf } from "./templates.ts";
import type { Wanted } from "./wanted.ts";

/** What a pod can't start without. `key` absent: any. */
export interface Need {
  readonly kind: "Secret" | "ConfigMap";
  readonly name: string;
  readonly key?: string | undefined;
}

/** Refuses in one sentence what a workload needs that neither is there nor comes with the release or from an operator. */
export async function missing(
  { service, namespace }: Spot,
  cluster: Cluster,
  wanted: Wanted,
  workloads: readonly KubeObject[],
  signal: AbortSignal,
): Promise<void> {
  const needs = workloads.flatMap((workload) =>
    needsOf(workload).map((need) => ({ workload, need })),
  );
  const names = [...new Set(needs.map(({ need }) => `${need.kind}/${need.name}`))];
  const found = new Map(
    await inTens(names, async (text) => {
      const [kind = "", name = ""] = text.split("/");
      return [text, await keysOf(cluster, wanted, { kind, name, namespace }, signal)] as const;
    }),
  );
  for (const { workload, need } of needs) {
    const keys = found.get(`${need.kind}/${need.name}`);
    if (
      keys === "any" ||
      (keys !== undefined && keys !== "none" && (need.key === undefined || keys.includes(need.key)))
    )
      continue;
    const who =
      workload.metadata.name === service ? service : `${workload.kind} ${workload.metadata.name}`;
    const what = `${need.kind} ${line(need.name, 80)}`;
    if (keys === "none" || keys === undefined)
      refuse(
        `${who} needs the ${what}, which does not exist in the namespace ${namespace}: create it first, or mark it optional.`,
      );
    const has = keys.length === 0 ? "nothing" : line(keys.toSorted().join(", "), 120);
    refuse(
      `${who} needs the key ${line(need.key ?? "", 80)} of the ${what}, which has ${has}: add it first, or mark it optional.`,
    );
  }
}

/** What a workload's pods refer to and can't do without. */
export function needsOf(workload: KubeObject): readonly Need[] {
  const spec = templateOf(workload)?.["spec"];
  const ofContainers = containersOf(spec).flatMap((container) => [
    ...mapsIn(container, "env").flatMap(({ valueFrom }) => [
      ...need("Secret", field(valueFrom, "secretKeyRef"), "name", true),
      ...need("ConfigMap", field(valueFrom, "configMapKeyRef"), "name", true),
    ]),
    ...mapsIn(container, "envFrom").flatMap(({ secretRef, configMapRef }) => [
      ...need("Secret", secretRef, "name"),
      ...need("ConfigMap", configMapRef, "name"),
    ]),
  ]);
  const ofVolumes = mapsIn(spec, "volumes").flatMap(({ secret, configMap, projected }) => [
    ...need("Secret", secret, "secretName"),
    ...need("ConfigMap", configMap, "name"),
    ...mapsIn(projected, "sources").flatMap((source) => [
      ...need("Secret", source["secret"], "name"),
      ...need("ConfigMap", source["configMap"], "name"),
    ]),
  ]);
  return [...ofContainers, ...ofVolumes];
}

function need(kind: Need["kind"], ref: Value, field: string, hasKey = false): readonly Need[] {
  if (!isMap(ref) || ref["optional"] === true) return [];
  const { [field]: name, key } = ref;
  if (typeof name !== "string" || name === "") return [];
  const items = mapsIn(ref, "items").map((item) => item["key"]);
  const keys = hasKey ? [key] : items.length > 0 ? items : [undefined];
  return keys.map((one) => ({ kind, name, key: typeof one === "string" ? one : undefined }));
}

function field(value: Value, name: string): Value {
  return isMap(value) ? value[name] : undefined;
}

/** The keys that there will be; `any` where only time will tell. */
async function keysOf(
  cluster: Cluster,
  wanted: Wanted,
  {
    kind,
    name,
    namespace,
  }: { readonly kind: string; readonly name: string; readonly namespace: string },
  signal: AbortSignal,
): Promise<readonly string[] | "any" | "none"> {
  const isIt = (ref: { readonly kind: string }, its: string) => ref.kind === kind && its === name;
  const rendered = wanted.objects.find((object) => isIt(object, object.metadata.name));
  if (rendered !== undefined) return keysIn(rendered);
  if (wanted.objects.some((object) => makes(object, name))) return "any";
  if (wanted.delete.some((ref) => isIt(ref, ref.name))) return "none";
  try {
    const live = await cluster.get({ apiVersion: "v1", kind, name, namespace }, signal);
    return live === undefined ? "none" : keysIn(live);
  } catch (error) {
    // Who may deploy need not be allowed to read Secrets.
    if (error instanceof ApiError && error.code === 403) return "any";
    throw error;
  }
}

function keysIn(object: KubeObject): readonly string[] {
  return ["data", "stringData", "binaryData"].flatMap((part) => {
    const data = object[part];
    return isMap(data) ? Object.keys(data) : [];
  });
}

/** An operator makes it from this object: it is named after it (`web-db-app`), or the object names it. */
function makes(object: KubeObject, name: string): boolean {
  if (isBuiltIn(groupOf(object.apiVersion).group)) return false;
  const own = object.metadata.name;
  return name === own || name.startsWith(`${own}-`) || says(object["spec"] as Value, name);
}

function says(value: Value, text: string): boolean {
  if (value === text) return true;
  return (
    typeof value === "object" &&
    value !== null &&
    Object.values(value).some((one) => says(one, text))
  );
}
