/**
 * What differs between an object and what it would become, leaf by leaf.
 *
 * A path names fields by their keys and elements of a list by what names them: `spec`, `containers`, `[web]`, `image`.
 * Left out: what the API server keeps (status, times, versions), our own bookkeeping, and defaults that only appear.
 */
import type { Json } from "../../../core/operation.ts";
import { canonical } from "../../../core/plan.ts";
import { type KubeObject, marks } from "../../../expand/object.ts";

export type Path = readonly string[];
export type Value = Json | undefined;
export interface Difference {
  readonly path: Path;
  readonly from: Value;
  readonly to: Value;
}

/** `wanted` is what we ask for: what appears without being asked for is a default. */
export function differences(
  before: KubeObject,
  after: KubeObject,
  wanted: KubeObject,
): readonly Difference[] {
  return between([], before as Value, after as Value, asked(wanted) as Value);
}

/** A Secret's `stringData` stands in `data` once it is there. */
function asked(wanted: KubeObject): KubeObject {
  const { data, stringData } = wanted;
  if (!isMap(stringData)) return wanted;
  return { ...wanted, data: { ...(isMap(data) && data), ...stringData } };
}

/** Elements of lists by what names them, where something does: `[web]`; undefined where nothing does. */
export function namesOf(...lists: readonly (readonly Value[])[]): readonly Path[] | undefined {
  for (const keys of naming) {
    const named = lists.map((list) => list.map((element) => nameOf(element, keys)));
    if (named.every((names) => isEachNamed(names))) return named as string[][];
  }
  return undefined;
}

/** The value at a path, where elements of lists are named as in `differences`. */
export function valueAt(value: Value, path: Path): Value {
  let at = value;
  for (const segment of path) {
    if (isList(at)) {
      const index = (namesOf(at)?.[0] ?? at.map((_, i) => `[${i}]`)).indexOf(segment);
      at = at[index];
    } else at = isMap(at) ? at[segment] : undefined;
  }
  return at;
}

export function isMap(value: unknown): value is { readonly [key: string]: Value } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: unknown): value is readonly Value[] {
  return Array.isArray(value);
}

/** Equal in what they mean: amounts by their value, nothing as nothing. */
export function isSame(one: Value, other: Value, path: Path): boolean {
  if ((one ?? null) === (other ?? null)) return true;
  if (isAmount(path)) {
    const [a, b] = [amountOf(one), amountOf(other)];
    if (a !== undefined && a === b) return true;
  }
  return isEqual(one, other);
}

/** Without writing either down: it is asked of every part of every object. What is undefined is not there. */
function isEqual(one: Value, other: Value): boolean {
  if (one === other) return true;
  if (isList(one) || isList(other))
    return (
      isList(one) &&
      isList(other) &&
      one.length === other.length &&
      one.every((element, at) => isEqual(element, other[at]))
    );
  if (!isMap(one) || !isMap(other)) return false;
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].every((key) => isEqual(one[key], other[key]));
}

/** Whether it is of nobody's interest. */
export function isNoise(path: Path): boolean {
  if (path[0] === "status" || path[0] === "apiVersion" || path[0] === "kind") return true;
  const [last, field, holder] = path.toReversed();
  if (holder !== "metadata") return path[0] === "metadata" && kept.has(path[1] ?? "");
  if (field === "annotations") return path.length === 3 ? noted.has(last ?? "") : false;
  return field === "labels" && headline.has(last ?? "");
}

function between(path: Path, from: Value, to: Value, wanted: Value): readonly Difference[] {
  if (isNoise(path) || isSame(from, to, path)) return [];
  if (isMap(from ?? to) && isMap(to ?? from) && !isWhole(path, from, to)) {
    const [a, b, c] = [from, to, wanted].map((some) => (isMap(some) ? some : {}));
    const keys = [...new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})])].sort();
    const inner = keys.flatMap((key) => between([...path, key], a?.[key], b?.[key], c?.[key]));
    const isAllNoise = keys.length > 0 && keys.every((key) => isNoise([...path, key]));
    if (inner.length > 0 || isAllNoise || (from !== undefined && to !== undefined)) return inner;
  }
  if (isList(from ?? []) && isList(to ?? []) && isObjects(from, to)) {
    return elements(path, (from ?? []) as readonly Value[], (to ?? []) as readonly Value[], wanted);
  }
  const isDefault = from === undefined && wanted === undefined;
  // A second try's mark on the pods goes with the next release; taking it away is no change by itself.
  const isMark = to === undefined && path.at(-1) === marks.restarted;
  return isDefault || isMark ? [] : [{ path, from, to }];
}

function elements(
  path: Path,
  from: readonly Value[],
  to: readonly Value[],
  wanted: Value,
): readonly Difference[] {
  if (from.length === 0 && wanted === undefined) return [];
  let asked: readonly Value[] = isList(wanted) ? wanted : [];
  let named = namesOf(from, to, asked);
  if (named === undefined) {
    asked = to;
    named = namesOf(from, to, asked);
  }
  if (named === undefined) return unnamed(path, from, to);
  const maps = [from, to, asked].map(
    (list, i) => new Map(list.map((element, at) => [named[i]?.[at] ?? "", element])),
  );
  const names = new Set([...(named[0] ?? []), ...(named[1] ?? [])]);
  return [...names].flatMap((name) => {
    const [a, b, c] = maps.map((map) => map.get(name));
    return between([...path, name], a, b, c);
  });
}

/** What is in both goes; the rest is compared one with one where there is as much of it, else it came or went. */
function unnamed(path: Path, from: readonly Value[], to: readonly Value[]): readonly Difference[] {
  const gone = without(from, to);
  const come = without(to, from);
  if (gone.length === come.length)
    return gone.flatMap(([at, value], i) => {
      const other = come[i]?.[1];
      return between([...path, `[${at}]`], value, other, other);
    });
  return [
    ...gone.map(([at, value]) => ({ path: [...path, `[${at}]`], from: value, to: undefined })),
    ...come.map(([at, value]) => ({ path: [...path, `[${at}]`], from: undefined, to: value })),
  ];
}

function without(list: readonly Value[], other: readonly Value[]): readonly [number, Value][] {
  const there = other.map(canonical);
  return [...list.entries()].filter(([, value]) => {
    const at = there.indexOf(canonical(value));
    if (at >= 0) there.splice(at, 1);
    return at < 0;
  });
}

/** Told as one thing: always, or where it comes or goes as a whole. */
function isWhole(path: Path, from: Value, to: Value): boolean {
  const [last = "", list = ""] = path.toReversed();
  if (last.startsWith("[") && single.has(list)) return true;
  return (from === undefined || to === undefined) && (last.startsWith("[") || groups.has(last));
}

function isObjects(...lists: readonly Value[]): boolean {
  const all = lists.flatMap((list) => (isList(list) ? list : []));
  return all.length > 0 && all.every(isMap);
}

function nameOf(element: Value, keys: readonly string[]): string | undefined {
  if (!isMap(element)) return undefined;
  const parts = keys.map((key) =>
    key.split(".").reduce<Value>((at, k) => (isMap(at) ? at[k] : undefined), element),
  );
  const texts = parts.filter((part) => typeof part === "string" || typeof part === "number");
  return texts.length === parts.length ? `[${texts.join(" ")}]` : undefined;
}

function isEachNamed(names: readonly (string | undefined)[]): boolean {
  return !names.includes(undefined) && new Set(names).size === names.length;
}

function isAmount(path: Path): boolean {
  const [last = "", field = ""] = path.toReversed();
  return amounts.has(field) || amounts.has(last) || /^(?:size|storage|memory|cpu)$/.test(last);
}

/** A Kubernetes quantity as a number: `500m` is 0.5, `1Gi` 2^30. */
export function amountOf(value: Value): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string") return undefined;
  const [, number, unit = ""] =
    /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([numkMGTPE]?|[KMGTPE]i)$/.exec(value) ?? [];
  const factor = units[unit];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}

const units: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};
const amounts = new Set([
  "requests",
  "limits",
  "hard",
  "capacity",
  "max",
  "min",
  "default",
  "defaultRequest",
  "sizeLimit",
]);
/** What can name an element, the best first. */
const naming: readonly (readonly string[])[] = [
  ...[
    ["name"],
    ["mountPath"],
    ["containerPort", "protocol"],
    ["containerPort"],
    ["key"],
    ["host"],
    ["path"],
  ],
  ...[
    ["topologyKey"],
    ["type", "resource.name"],
    ["secretName"],
    ["port", "protocol"],
    ["port"],
    ["ip"],
  ],
];
/** Lists whose elements are told as one thing each. */
const single = new Set(["env", "volumes", "volumeMounts", "ports", "tolerations", "hostAliases"]);
/** Fields that are told as one thing where they come or go. */
const groups = new Set([
  ...["readinessProbe", "livenessProbe", "startupProbe", "lifecycle", "affinity", "postStart"],
  ...["preStop", "ownerReferences", "behavior", "rollingUpdate", "backup", "bootstrap"],
]);
/** Of metadata: what the API server writes. */
const kept = new Set([
  ...["managedFields", "generation", "resourceVersion", "uid", "creationTimestamp", "selfLink"],
  ...["deletionTimestamp", "deletionGracePeriodSeconds", "namespace", "name"],
]);
/** Annotations that are bookkeeping. */
const noted = new Set<string>([
  ...[marks.release, "kubectl.kubernetes.io/last-applied-configuration"],
  ...["deployment.kubernetes.io/revision", "deprecated.daemonset.template.generation"],
]);
/** Labels that say the version again, which the first line of a plan tells. */
const headline = new Set<string>([marks.version, "helm.sh/chart"]);
