/** Who set what in an object, as the API server keeps it in `metadata.managedFields` (server-side apply's FieldsV1). */
import { z } from "zod";
import type { KubeObject } from "../../../expand/object.ts";
import { line } from "../../../observe/text.ts";
import { isList, isMap, namesOf, type Path, type Value } from "./diff.ts";

export interface Owner {
  readonly manager: string;
  readonly operation: string;
  readonly subresource: string | undefined;
  /** When it last changed what it owns, RFC 3339. */
  readonly time: string;
  /** The fields that it owns, each of those that the object has. */
  readonly paths: readonly Path[];
}

/** As what we apply. */
export const us = "shipmate";

export function ownersOf(object: KubeObject): readonly Owner[] {
  return entries.parse(object.metadata["managedFields"] ?? []).map((entry) => ({
    manager: entry.manager,
    operation: entry.operation,
    subresource: entry.subresource,
    time: entry.time,
    paths: [...owned(entry.fieldsV1, object as Value, [])],
  }));
}

export function isOurs({
  manager,
  operation,
  subresource,
}: Omit<Owner, "paths" | "time">): boolean {
  return manager === us && operation === "Apply" && subresource === undefined;
}

/** One holds the other, or they are the same. */
export function touches(one: Path, other: Path): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return short.every((segment, at) => segment === long[at]);
}

/** The path that a conflict's cause names, `.spec.containers[name="web"].image`; undefined where the object lacks it. */
export function pathIn(object: KubeObject, field: string): Path | undefined {
  let at: Value = object as Value;
  let left = field;
  const path: string[] = [];
  while (left !== "") {
    const step: Step | undefined = isList(at) ? element(at, left) : key(at, left);
    if (step === undefined) return path.length === 0 ? undefined : path;
    path.push(step.segment);
    at = step.value;
    left = step.left;
  }
  return path;
}

/** A manager as people know it: `kubectl`, `Argo CD`, `the autoscaler`. */
export function managerText(manager: string, subresource?: string): string {
  if (manager === us) return "Shipmate";
  if (manager === "kube-controller-manager" && subresource === "scale") return "the autoscaler";
  if (/^kubectl(?:-|$)/.test(manager)) return "kubectl";
  return known[manager] ?? line(manager, 40);
}

/** Who keeps objects as a repository has them, and so undoes what others change. */
export function undoes(manager: string): boolean {
  return /^(?:argocd-|kustomize-controller$|helm-controller$)/.test(manager);
}

function* owned(fields: unknown, at: Value, path: Path): Generator<Path> {
  if (!isMap(fields)) return;
  const inner = Object.entries(fields).filter(([name]) => name !== ".");
  if (inner.length === 0 && path.length > 0) yield path;
  for (const [name, deeper] of inner) {
    const step = stepOf(name, at);
    if (step !== undefined) yield* owned(deeper, step.value, [...path, step.segment]);
  }
}

interface Step {
  readonly segment: string;
  readonly value: Value;
  readonly left: string;
}

/** One key of FieldsV1: `f:spec`, `k:{"name":"web"}`, `v:"a"`, `i:0`. */
function stepOf(name: string, at: Value): Omit<Step, "left"> | undefined {
  const rest = name.slice(2);
  if (name.startsWith("f:")) {
    const value = isMap(at) ? at[rest] : undefined;
    return value === undefined ? undefined : { segment: rest, value };
  }
  if (!isList(at)) return undefined;
  const index = name.startsWith("k:") ? indexOf(at, JSON.parse(rest)) : Number(rest);
  return inList(at, index);
}

function inList(list: readonly Value[], index: number): Omit<Step, "left"> | undefined {
  if (!(index in list)) return undefined;
  return { segment: namesOf(list)?.[0]?.[index] ?? `[${index}]`, value: list[index] };
}

function indexOf(list: readonly Value[], keys: unknown): number {
  if (!isMap(keys)) return -1;
  const wants = Object.entries(keys);
  return list.findIndex((one) => isMap(one) && wants.every(([key, value]) => one[key] === value));
}

/** The longest key that the rest of the path begins with: keys may have dots in them. */
function key(at: Value, left: string): Step | undefined {
  if (!isMap(at)) return undefined;
  const keys = Object.keys(at).filter((name) => {
    const after = left[name.length + 1];
    return left.startsWith(`.${name}`) && (after === undefined || after === "." || after === "[");
  });
  const [segment] = keys.sort((a, b) => b.length - a.length);
  if (segment === undefined) return undefined;
  return { segment, value: at[segment], left: left.slice(segment.length + 1) };
}

/** `[name="web"]`, `[containerPort=80,protocol="TCP"]`, `[0]`. */
function element(list: readonly Value[], left: string): Step | undefined {
  const [all, inside = ""] = /^\[((?:"(?:[^"\\]|\\.)*"|[^\]"])*)\]/.exec(left) ?? [];
  if (all === undefined) return undefined;
  const pairs = [...inside.matchAll(/(\w+)=("(?:[^"\\]|\\.)*"|[^,]+)/g)];
  const keys = Object.fromEntries(pairs.map(([, name = "", value = ""]) => [name, parsed(value)]));
  const step = inList(list, pairs.length > 0 ? indexOf(list, keys) : Number(inside));
  return step && { ...step, left: left.slice(all.length) };
}

function parsed(value: string): Value {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

const entries = z.array(
  z.object({
    manager: z.string().default("somebody"),
    operation: z.string().default(""),
    subresource: z.string().optional(),
    time: z.string().default(""),
    fieldsV1: z.unknown(),
  }),
);
const known: Readonly<Record<string, string>> = {
  helm: "Helm",
  "argocd-controller": "Argo CD",
  "argocd-application-controller": "Argo CD",
  "kustomize-controller": "Flux",
  "helm-controller": "Flux",
  "kube-controller-manager": "Kubernetes",
  "vpa-updater": "the autoscaler",
  "before-first-apply": "somebody",
  Mozilla: "a browser",
};
