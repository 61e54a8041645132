/**
 * What of an object that comes a person who approves it should know, besides that it comes: of a workload what it
 * runs, with what and whose secrets; of all else what it says. Each value is short, and so is the whole.
 */
import type { Change } from "../../../core/plan.ts";
import type { KubeObject } from "../../../expand/object.ts";
import { hide } from "../../../observe/patterns.ts";
import { line, plain } from "../../../observe/text.ts";
import { differences, isMap, type Value } from "./diff.ts";
import { mapsIn, podOf } from "./templates.ts";
import { imageText, portText, volumeText } from "./values.ts";
import { told, type Whose, wordsBefore } from "./words.ts";

/** How many lines one object may have, and all of them together. */
const most = { each: 12, all: 60 };
/** How long a value may be, in characters: names are cut by how many there are, so that it says what is left out. */
const longest = 160;

type Line = Pick<Change, "field" | "from" | "to">;

/**
 * What an object brings, as lines of a plan after the one that says that it comes. `asked` is what the release sets of
 * it; `before` stands before each line.
 */
export function about(
  object: KubeObject,
  asked: KubeObject,
  whose: Whose,
  before: string = wordsBefore(whose),
): readonly Line[] {
  if (plainly.has(object.kind)) return [];
  const spec = podOf(object);
  const lines =
    spec === undefined
      ? settings(object, asked, whose)
      : pods(spec).map(([field, to]) => coming(`${before}${field}`, to));
  return bounded(lines, most.each, (more) => coming(`${before}${more} more`, "new"));
}

/** So many of all lines, and how many there are besides. */
export function inAll(lines: readonly Line[]): readonly Line[] {
  return bounded(lines, most.all, (more) => coming(`${more} more settings of what is new`, "new"));
}

function bounded<T>(all: readonly T[], limit: number, rest: (more: number) => T): readonly T[] {
  const shown = all.slice(0, limit - 1);
  return all.length <= limit ? all : [...shown, rest(all.length - shown.length)];
}

const coming = (field: string, to: string): Line => ({ field, from: null, to });

/** Of what makes no pods: each setting that is asked for. */
function settings(object: KubeObject, asked: KubeObject, whose: Whose): Line[] {
  const { apiVersion, kind, metadata } = object;
  const { name } = metadata;
  const nothing = { apiVersion, kind, metadata: { name } };
  return differences(nothing, object, asked)
    .filter(({ path }) => path[0] !== "metadata")
    .map((one) => told(one, whose));
}

type Told = readonly [field: string, value: string];
type Container = ReturnType<typeof mapsIn>[number];

function pods(spec: Value): readonly Told[] {
  const [main, ...others] = mapsIn(spec, "containers");
  const volumes = mapsIn(spec, "volumes").map(
    (volume) => `${text(volume["name"])}: ${text(volumeText(volume))}`,
  );
  const account = isMap(spec) ? spec["serviceAccountName"] : undefined;
  const besides = (kind: string, all: readonly Container[]) =>
    all.flatMap((one) =>
      container(one).map(
        ([field, value]): Told => [shown(`${kind} ${text(one["name"])}: ${field}`), value],
      ),
    );
  return [
    ...container(main),
    ...(typeof account === "string" ? some("service account", [account]) : []),
    ...some("volumes", volumes),
    ...some("image pull secrets", texts(mapsIn(spec, "imagePullSecrets"), "name")),
    ...besides("container", others),
    ...besides("init container", mapsIn(spec, "initContainers")),
  ];
}

function container(one: Container | undefined): readonly Told[] {
  if (one === undefined) return [];
  const { image, resources } = one;
  const command = [...strings(one["command"]), ...strings(one["args"])];
  return [
    ...(typeof image === "string" ? some("image", [imageText(image)]) : []),
    ...(command.length > 0 ? some("command", [command.join(" ")]) : []),
    ...some(
      "ports",
      mapsIn(one, "ports").map((port) => text(portText(port))),
    ),
    ...env(one),
    ...some("resources", [
      ...amounts(resources, "requests", ""),
      ...amounts(resources, "limits", "at most "),
    ]),
  ];
}

/** Names alone, by where their values are kept: `env` LEVEL, REGION; `env of Secret web-db-app` DB_HOST, DB_PASSWORD. */
function env(one: Value): readonly Told[] {
  const named = mapsIn(one, "env").map(
    ({ name, valueFrom }) => [sourceOf(valueFrom), String(name)] as const,
  );
  const whole = mapsIn(one, "envFrom").map((from) => [sourceOf(from), "all that it has"] as const);
  const groups = Map.groupBy([...named, ...whole], ([source]) => source);
  const ownFirst = [...groups].sort(([a], [b]) => Number(a !== "") - Number(b !== ""));
  return ownFirst.flatMap(([source, all]) =>
    some(
      shown(`env${source}`),
      all.map(([, name]) => name),
    ),
  );
}

function sourceOf(from: Value): string {
  if (!isMap(from)) return "";
  for (const [field, kind] of [
    ["secretKeyRef", "Secret"],
    ["secretRef", "Secret"],
    ["configMapKeyRef", "ConfigMap"],
    ["configMapRef", "ConfigMap"],
  ] as const) {
    const ref = from[field];
    if (isMap(ref)) return ` of ${kind} ${ref["name"]}`;
  }
  return " of the pod itself";
}

function amounts(resources: Value, field: string, before: string): string[] {
  const all = isMap(resources) ? resources[field] : undefined;
  return Object.entries(isMap(all) ? all : {}).map(([name, n]) => `${before}${name} ${n}`);
}

/** As many as there is room for, and how many more: nothing where there is none. */
function some(field: string, values: readonly string[]): readonly Told[] {
  if (values.length === 0) return [];
  let fit = 0;
  for (let length = 0; fit < values.length; fit++) {
    length += shown(values[fit] ?? "").length + 2;
    if (length > longest - 15 && fit > 0) break;
  }
  const first = values.slice(0, fit).map(shown).join(", ");
  const rest = values.length - fit;
  return [[field, rest === 0 ? first : `${first} and ${rest} more`]];
}

const shown = (value: string): string => line(hide(plain(value)), longest);
const text = (value: Value): string =>
  typeof value === "string" ? value : (JSON.stringify(value) ?? "");
const strings = (value: Value): string[] => (Array.isArray(value) ? value.map(text) : []);
const texts = (all: readonly Container[], field: string): string[] =>
  all.map((one) => text(one[field]));

/** Of these the line that says that they come tells what people ask for. */
const plainly = new Set([
  ...["Service", "Ingress", "HTTPRoute", "HorizontalPodAutoscaler", "PodDisruptionBudget"],
  ...["NetworkPolicy", "ServiceAccount", "PersistentVolumeClaim", "Namespace", "Secret"],
]);
