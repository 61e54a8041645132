/** What a person wants to know of an object that comes or goes: its host, its size, how many. */
import type { KubeObject } from "../../../expand/object.ts";
import { line } from "../../../observe/text.ts";
import { groupOf, isBuiltIn } from "../order.ts";
import type { Ref } from "../types.ts";
import { isList, isMap, type Value, valueAt } from "./diff.ts";
import { portText, tagOf } from "./values.ts";

/** `api.example.com`, `1.4.2, 3 replicas`; `new` where there is nothing to tell. */
export function newText(object: KubeObject): string {
  return line(hintOf(object).filter(Boolean).join(", ") || "new", 80);
}

/** `there`, and whether data goes with it. */
export function thereText(ref: Ref): string {
  return holdsData(ref) ? "there, and its data is deleted" : "there";
}

function hintOf(object: KubeObject): readonly string[] {
  const at = (...path: string[]): Value => valueAt(object as Value, path);
  const texts = (list: Value, field?: string): string[] =>
    (isList(list) ? list : [])
      .map((one) => (field === undefined ? one : isMap(one) ? one[field] : undefined))
      .filter((one) => typeof one === "string");
  const keys = (value: Value): string[] => (isMap(value) ? Object.keys(value) : []);
  switch (object.kind) {
    case "Deployment":
    case "StatefulSet":
    case "DaemonSet":
    case "Job":
      return [
        ...imagesOf(at("spec", "template", "spec", "containers")),
        many(at("spec", "replicas"), "replica"),
      ];
    case "CronJob":
      return [`${at("spec", "schedule") ?? ""}`];
    case "Ingress":
      return texts(at("spec", "rules"), "host");
    case "HTTPRoute":
    case "GRPCRoute":
      return texts(at("spec", "hostnames"));
    case "Service": {
      const ports = at("spec", "ports");
      return (isList(ports) ? ports : []).map((port) => `port ${portText(port)}`);
    }
    case "HorizontalPodAutoscaler":
      return [`${at("spec", "minReplicas") ?? 1} to ${at("spec", "maxReplicas")} replicas`];
    case "PersistentVolumeClaim":
      return [`${at("spec", "resources", "requests", "storage") ?? ""}`];
    case "ConfigMap":
      return [...keys(at("data")), ...keys(at("binaryData"))];
    case "Secret":
      return [many(new Set([...keys(at("data")), ...keys(at("stringData"))]).size, "value")];
    default:
      return [
        many(at("spec", "instances") ?? at("spec", "replicas"), "instance"),
        ...[at("spec", "storage", "size")].filter((size) => typeof size === "string"),
      ];
  }
}

function imagesOf(containers: Value): string[] {
  return (isList(containers) ? containers : []).flatMap((one) =>
    isMap(one) && typeof one["image"] === "string" ? [tagOf(one["image"])] : [],
  );
}

function many(n: Value, what: string): string {
  return typeof n === "number" ? `${n} ${what}${n === 1 ? "" : "s"}` : "";
}

/** Whether deleting it deletes what nobody can bring back. */
export function holdsData({ apiVersion, kind }: Ref): boolean {
  if (isBuiltIn(groupOf(apiVersion).group)) return builtIn.has(kind);
  return /cluster|database|instance|kafka|postgres|mysql|maria|redis|mongo|bucket|backup|cache/i.test(
    kind,
  );
}
const builtIn = new Set([
  "PersistentVolumeClaim",
  "PersistentVolume",
  "Namespace",
  "CustomResourceDefinition",
]);
