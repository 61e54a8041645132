/** The pods that workloads make, as their templates say. */
import type { KubeObject } from "../../../expand/object.ts";
import { isList, isMap, type Value, valueAt } from "./diff.ts";

/** A pod's `metadata` and `spec`; undefined for what makes no pods that we know of. */
export function templateOf(object: KubeObject): { readonly [key: string]: Value } | undefined {
  const path =
    object.kind === "CronJob" ? ["spec", "jobTemplate", "spec", "template"] : ["spec", "template"];
  const template = kinds.has(object.kind) ? valueAt(object as Value, path) : undefined;
  return isMap(template) ? template : undefined;
}
const kinds = new Set(["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"]);

/** The `spec` of the pods that it makes, or that it is; undefined for all else. */
export function podOf(object: KubeObject): Value {
  const isPod = object.kind === "Pod" && object.apiVersion === "v1";
  return isPod ? valueAt(object as Value, ["spec"]) : templateOf(object)?.["spec"];
}

/** All containers of a pod's spec, those that run first among them. */
export function containersOf(spec: Value): readonly { readonly [key: string]: Value }[] {
  return [...mapsIn(spec, "initContainers"), ...mapsIn(spec, "containers")];
}

/** The maps in a field that is a list. */
export function mapsIn(value: Value, field: string): readonly { readonly [key: string]: Value }[] {
  const list = isMap(value) ? value[field] : undefined;
  return isList(list) ? list.filter(isMap) : [];
}
