/** Fields of objects as people call them: `env LOG_LEVEL` rather than `template.spec.containers.web.env.LOG_LEVEL`. */
import type { Json } from "../../../core/operation.ts";

/** A field's short name, and its value as a text. */
export function shortOf(kind: string, path: string, value: Json): readonly [string, string] {
  const [, before = "", variable] = path.match(/^(.*?)\.?env\.([^.]+)$/) ?? [];
  if (variable !== undefined) return [`${inside(kind, before)}env ${variable}`, setTo(value)];
  return [inside(kind, path).trim(), textOf(value)];
}

/** Without the way to the pod's containers, which is the same everywhere. */
function inside(kind: string, path: string): string {
  const pod = kind === "CronJob" ? /^jobTemplate\.spec\.template\.spec\./ : /^template\.spec\./;
  const within = path.replace(pod, "");
  const [, list, container, rest] =
    within.match(/^(containers|initContainers)\.([^.]+)\.?(.*)$/) ?? [];
  if (container === undefined) return within;
  return `${list === "initContainers" ? "init " : ""}${container} ${rest}${rest === "" ? "" : " "}`;
}

/** Of an environment variable: what it is, or where it comes from. */
function setTo(variable: Json): string {
  const value = fieldOf(variable, "value");
  if (value !== undefined) return textOf(value);
  const from = fieldOf(variable, "valueFrom");
  const secret = fieldOf(from, "secretKeyRef");
  const map = fieldOf(from, "configMapKeyRef");
  const [kind, ref] = secret === undefined ? ["ConfigMap", map] : ["Secret", secret];
  if (ref !== undefined)
    return `from ${kind} ${textOf(fieldOf(ref, "name"))}, key ${textOf(fieldOf(ref, "key"))}`;
  const field = fieldOf(fieldOf(from, "fieldRef"), "fieldPath");
  return field === undefined ? textOf(from ?? "") : `from the pod's ${textOf(field)}`;
}

function fieldOf(of: Json | undefined, name: string): Json | undefined {
  if (typeof of !== "object" || of === null || Array.isArray(of)) return undefined;
  return (of as { readonly [field: string]: Json | undefined })[name];
}

function textOf(value: Json | undefined): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
