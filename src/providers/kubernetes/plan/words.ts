/** A difference between objects in people's words: what, from, to. */
import type { Json } from "../../../core/operation.ts";
import type { Change } from "../../../core/plan.ts";
import { type KubeObject, marks } from "../../../expand/object.ts";
import { hide, namesSecret } from "../../../observe/patterns.ts";
import { line, plain } from "../../../observe/text.ts";
import { groupOf, isBuiltIn } from "../order.ts";
import type { Ref } from "../types.ts";
import { type Difference, isList, isMap, type Path, type Value, valueAt } from "./diff.ts";
import { envText, hiddenText, imageWords, portText, probeText, volumeText } from "./values.ts";

/** How much of a value is shown, in characters. */
const longest = 80;

export interface Whose {
  readonly service: string;
  readonly object: KubeObject;
  /** The service's main workload: its fields need no kind before them. */
  readonly isMain: boolean;
}

/** `replicas` 3 → 5; `HorizontalPodAutoscaler: at most` 5 → 10; `ConfigMap web-config: LEVEL` info → debug. */
export function told(
  { path, from, to }: Difference,
  whose: Whose,
): Required<Pick<Change, "field">> & Pick<Change, "from" | "to"> {
  const field = `${wordsBefore(whose)}${fieldText(path, whose)}`;
  const [a, b] = valueTexts(path, from, to, whose.object);
  if (a !== b) return { field: short(field), from: a, to: b };
  return { field: short(field), from: a ?? "set", to: "changed" };
}

/** `Deployment web`, for one that comes or goes. */
export function objectText(of: Pick<Ref, "apiVersion" | "kind" | "name">): string {
  return short(`${kindText(of)} ${of.name}`);
}

/** As the cluster calls it; what an operator calls its Cluster is a database to everybody else. */
function kindText({ apiVersion, kind }: Pick<Ref, "apiVersion" | "kind">): string {
  const { group } = groupOf(apiVersion);
  return group === "postgresql.cnpg.io" && kind === "Cluster" ? "database" : kind;
}

/** What of a field a person would call it: `memory limit`, `env LOG_LEVEL`, `pod label team`. */
export function fieldText(path: Path, { object, service }: Omit<Whose, "isMain">): string {
  const pod = podAt(path);
  if (pod === undefined || path.length <= pod)
    return named(path, objectWords) ?? rest(path, object);
  const inside = path.slice(pod);
  const [list = "", name = ""] = inside;
  if (list !== "containers" && list !== "initContainers")
    return named(inside, podWords) ?? rest(inside, object);
  const what = list === "containers" ? "container" : "init container";
  const field = inside.slice(2);
  if (field.length === 0) return `${what} ${bare(name)}`;
  const text = named(field, containerWords) ?? rest(field, object);
  const all = valueAt(object as Value, path.slice(0, pod + 1));
  const isOnly = isList(all) && all.length === 1;
  const isMain = isOnly || [service, object.metadata.name].includes(bare(name));
  return list === "containers" && isMain ? text : `${what} ${bare(name)}: ${text}`;
}

/** What stands before a field, so that one knows whose it is: nothing, `Service: `, `ConfigMap web-config: `. */
export function wordsBefore({ isMain, object, service }: Whose): string {
  if (isMain) return "";
  const { name } = object.metadata;
  const kind = kindText(object);
  return name === service ? `${kind}: ` : `${kind} ${name}: `;
}

/** Where the pod's own fields begin. */
function podAt(path: Path): number | undefined {
  const text = path.slice(0, 5).join(" ");
  if (text.startsWith("spec template spec ")) return 3;
  return text === "spec jobTemplate spec template spec" ? 5 : undefined;
}

/** A pattern's `*` stands for one segment, which `$` gives. */
function named(path: Path, words: readonly (readonly [string, string])[]): string | undefined {
  for (const [pattern, text] of words) {
    const parts = pattern.split(" ");
    if (parts.length !== path.length) continue;
    if (!parts.every((part, i) => part === "*" || part === path[i])) continue;
    return text.replace("$", () => bare(path[parts.lastIndexOf("*")] ?? ""));
  }
  return undefined;
}

/** `readinessProbe httpGet path` is `readiness probe path`; of a kind that we don't know the path with dots. */
function rest(path: Path, object: KubeObject): string {
  const telling = path.filter((part) => !plumbing.has(part) && !/^\[\d+\]$/.test(part)).map(bare);
  const { group } = groupOf(object.apiVersion);
  if (!isBuiltIn(group) && path[0] === "spec") return telling.join(".");
  const words = telling.map((part) =>
    /^[a-z]+(?:[A-Z][a-z]+)+$/.test(part) ? spaced(part) : part,
  );
  return words
    .slice(-5)
    .join(" ")
    .replace(/ seconds$/, "");
}

function spaced(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function bare(segment: string): string {
  return segment.replace(/^\[(.*)\]$/s, "$1").replace(/^Resource /, "");
}

function valueTexts(path: Path, from: Value, to: Value, object: KubeObject): [Json, Json] {
  const [last = "", list = ""] = path.toReversed();
  if (object.kind === "Secret" && /^(?:data|stringData)$/.test(path[0] ?? ""))
    return hiddenText(from, to);
  if (last === "image" && typeof from === "string" && typeof to === "string")
    return imageWords(from, to);
  if (list === "env" && last.startsWith("["))
    return namesSecret(bare(last)) && isLiteral(from) && isLiteral(to)
      ? hiddenText(from, to)
      : pair(envText(from), envText(to));
  if (list === "ports") return pair(portText(from), portText(to));
  if (list === "volumes") return pair(volumeText(from), volumeText(to));
  if (list === "volumeMounts") return pair(partOf(from, "name"), partOf(to, "name"));
  if (last.endsWith("Probe")) return pair(probeText(from), probeText(to));
  if (last === marks.restarted) return ["as they are", "made anew"];
  if (namesSecret(last) && isLiteral(from) && isLiteral(to)) return hiddenText(from, to);
  if (last.endsWith("Seconds")) return [unit(from, " s"), unit(to, " s")];
  if (last === "averageUtilization") return [unit(from, "%"), unit(to, "%")];
  return pair(from, to);
}

/** Written out, as against a reference to where it is kept. */
function isLiteral(value: Value): boolean {
  return !isMap(value) || "value" in value;
}

function unit(value: Value, mark: string): Json {
  return typeof value === "number" ? `${value}${mark}` : simple(value ?? null);
}

/** Both short; where they are long, from shortly before the place at which they part. */
function pair(from: Value, to: Value): [Json, Json] {
  const [a, b] = [simple(from ?? null), simple(to ?? null)];
  if (typeof a !== "string" || typeof b !== "string") return [whole(a), whole(b)];
  if (a.includes("\n") || b.includes("\n")) return lines(a, b);
  if (a.length <= longest && b.length <= longest) return [a, b];
  let same = 0;
  while (same < a.length && a[same] === b[same]) same++;
  const start = same < longest / 2 ? 0 : same - 20;
  const cut = (text: string) => `${start > 0 ? "…" : ""}${text.slice(start)}`;
  return [short(cut(a)), short(cut(b))];
}

/** A text of many lines: the one line that differs, or how many do. */
function lines(from: string, to: string): [Json, Json] {
  const [a, b] = [from.trimEnd().split("\n"), to.trimEnd().split("\n")];
  const other = new Set(a);
  const mine = new Set(b);
  const gone = a.filter((text) => !mine.has(text));
  const come = b.filter((text) => !other.has(text));
  if (gone.length === 1 && come.length === 1) return pair(gone[0]?.trim(), come[0]?.trim());
  const changed = Math.max(gone.length, come.length);
  if (changed === 0) return [count(a.length, "line"), "the same lines in another order"];
  return [count(a.length, "line"), `${count(b.length, "line")}, ${changed} changed`];
}

function whole(value: Json): Json {
  if (typeof value !== "string") return value;
  const rows = value.trimEnd().split("\n").length;
  return rows > 1 ? count(rows, "line") : short(value);
}

/** Numbers and truths as they are, all else as plain text without anything that looks like a secret. */
function simple(value: Json): Json {
  if (value === null || typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "string") return hide(plain(value));
  return hide(plain(flat(value)));
}

/** `matchLabels.app web, port 8080` */
function flat(value: Json, path: readonly string[] = []): string {
  if (isList(value)) return value.map((each) => flat(each ?? null, path)).join(", ");
  if (!isMap(value)) return [path.slice(-2).join("."), String(value)].filter(Boolean).join(" ");
  const entries = Object.entries(value);
  if (entries.length === 0) return path.length === 0 ? "any" : `any ${path.slice(-2).join(".")}`;
  return entries.map(([key, each]) => flat(each ?? null, [...path, key])).join(", ");
}

function partOf(value: Value, key: string): Value {
  return isMap(value) ? value[key] : undefined;
}

function short(text: string): string {
  return line(text, longest);
}

export function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}

const containerWords = [
  ["args", "arguments"],
  ["env *", "env $"],
  ["resources requests *", "$ request"],
  ["resources limits *", "$ limit"],
  ["ports *", "port $"],
  ["volumeMounts *", "mount $"],
] as const;
const podWords = [
  ["volumes *", "volume $"],
  ["serviceAccountName", "service account"],
  ["terminationGracePeriodSeconds", "time to stop"],
  ["nodeSelector *", "node selector $"],
  ["imagePullSecrets *", "image pull secret $"],
  ["topologySpreadConstraints *", "spread over $"],
] as const;
const objectWords = [
  ["metadata labels *", "label $"],
  ["metadata annotations *", "annotation $"],
  ["spec template metadata labels *", "pod label $"],
  [`spec template metadata annotations ${marks.restarted}`, "pods"],
  ["spec template metadata annotations *", "pod annotation $"],
  ["spec minReplicas", "at least"],
  ["spec maxReplicas", "at most"],
  ["spec metrics * resource target averageUtilization", "$ target"],
  ["spec minAvailable", "available at least"],
  ["spec maxUnavailable", "away at most"],
  ["spec ports *", "port $"],
  ["spec rules *", "host $"],
  ["spec storage size", "storage"],
  ["spec resources requests *", "$ request"],
  ["spec resources limits *", "$ limit"],
  ["data *", "$"],
  ["binaryData *", "$"],
  ["stringData *", "$"],
] as const;
/** Fields that say nothing to a reader. */
const plumbing = new Set([
  ...["spec", "template", "metadata", "httpGet", "tcpSocket", "exec", "http", "rollingUpdate"],
]);
