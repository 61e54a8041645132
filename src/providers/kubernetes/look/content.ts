/** What is set where a service runs, as lines that can be compared between environments. */
import { createHmac, randomBytes } from "node:crypto";
import type { Json } from "../../../core/operation.ts";
import type { Provider } from "../../../core/provider.ts";
import { refuse } from "../../../core/refusal.ts";
import type { KubeObject } from "../../../expand/object.ts";
import { line } from "../../../observe/text.ts";
import type { clusters } from "../../../roles/clusters.ts";
import type { Reading } from "./reading.ts";
import { shortOf } from "./short-of.ts";

type Content = Provider<typeof clusters>["content"];
/** A value's letters, by where it stands. */
type Hide = (place: string, value: string) => string;
type Row = Awaited<ReturnType<Content>>[number];

/**
 * Of the newest release that became healthy, else of the newest; sorted. A secret value shows as a few letters that
 * depend on it, on where it stands and on `salt`, which never leaves this process: the same value in the same place of
 * two environments looks equal, and nothing can be guessed by what another service is given. Where people act with
 * their own rights, it takes the right to read config maps.
 */
export function content(reading: Reading, salt: Uint8Array = randomBytes(32)): Content {
  const hiddenIn = (service: string) => (place: string, value: string) =>
    `hidden (${createHmac("sha256", salt)
      .update(JSON.stringify([service, place, value]))
      .digest("hex")
      .slice(0, 6)})`;
  return async (at, signal, by) => {
    const spot = reading.spotOf(at);
    const { namespace } = spot;
    if (!(await spot.as(by).mayI("get", { resource: "configmaps", namespace }, signal)))
      refuse(
        `You may not read what is set in ${namespace}: ask whoever gives rights there for the role view.`,
      );
    const hidden = hiddenIn(at.service);
    const all = (await reading.records.list(spot, signal)).filter(
      ({ state }) => state !== "removed",
    );
    const release = all.find(({ state }) => state === "good" || state === "adopted") ?? all[0];
    if (!release) return [];
    const objects = (await reading.records.content(spot, release.number, signal)) ?? [];
    const version = { of: at.service, field: "version", value: release.version };
    const rows = objects.flatMap((object) => rowsOf(object, hidden));
    return [version, ...rows.sort((a, b) => order(a, b))].map(({ of, field, value }) => ({
      of: line(of, 120),
      field: line(field, 200),
      value: line(value, 1_000),
    }));
  };
}

function rowsOf(object: KubeObject, hidden: Hide): Row[] {
  const { apiVersion: _, kind, metadata, status: __, ...rest } = object;
  const of = `${kind} ${metadata.name}`;
  if (kind === "Secret") return secretRows(of, object, hidden);
  const fields = Object.entries(rest).flatMap(([name, value]) =>
    flat(name === "spec" || name === "data" ? "" : name, value as Json),
  );
  const told = fields.filter(([field]) => !/shipmate\.dev\/|^selector\b/.test(field));
  return told.map(([field, value]) => {
    const [shown, text] = shortOf(kind, field, value);
    const isSecret =
      /(^|[\s_.-])(pass(word|wd)?|secret|token|api_?key|private_?key|credentials?)s?$/i;
    const isPlain = !isSecret.test(shown) || /^from /.test(text);
    const plain = isPlain ? text : hidden(`${of} ${field}`, text);
    return { of, field: shown, value: plain };
  });
}

function secretRows(of: string, object: KubeObject, hidden: Hide): Row[] {
  return ["data", "stringData"].flatMap((part) => {
    const values = object[part];
    if (typeof values !== "object" || values === null) return [];
    return Object.entries(values).map(([key, value]) => {
      const text = String(value);
      const plain =
        part === "data"
          ? Buffer.from(text, "base64").toString("latin1")
          : Buffer.from(text).toString("latin1");
      return { of, field: key, value: hidden(`${of} ${key}`, plain) };
    });
  });
}

/** Each value with its path; of a list whose items have names, by name. */
function flat(path: string, value: Json | undefined): (readonly [string, Json])[] {
  if (value === undefined) return [];
  const at = (name: string) => (path === "" ? name : `${path}.${name}`);
  if (Array.isArray(value)) {
    const items: readonly Json[] = value;
    if (path.endsWith(".env") || path === "env")
      return items.map((item) => [at(nameOf(item) ?? "?"), item] as const);
    const named = items.every((item) => nameOf(item) !== undefined);
    if (items.length > 0 && named)
      return items.flatMap((item) => flat(at(nameOf(item) ?? ""), without(item, "name")));
    return items.every((item) => typeof item !== "object" || item === null)
      ? [[path, items] as const]
      : items.flatMap((item, i) => flat(at(String(i + 1)), item));
  }
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([name, one]) => flat(at(name), one));
  return [[path, value] as const];
}

function nameOf(item: Json): string | undefined {
  if (typeof item !== "object" || item === null) return undefined;
  const name: unknown = Reflect.get(item, "name");
  return typeof name === "string" ? name : undefined;
}

function without(item: Json, name: string): Json {
  if (typeof item !== "object" || item === null || Array.isArray(item)) return item;
  return Object.fromEntries(Object.entries(item).filter(([key]) => key !== name));
}

function order(a: Row, b: Row): number {
  const [one, other] = [`${a.of}\0${a.field}`, `${b.of}\0${b.field}`];
  return one < other ? -1 : one > other ? 1 : 0;
}
