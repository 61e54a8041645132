/**
 * What a release rests on, and what it applies, as short values that bind an approval to both.
 *
 * An object's grounds change exactly when somebody changes a field that we set, or that we set before, or takes over
 * one that we would change; status, generation, an autoscaler's work and fields of others don't count.
 *
 * A Secret's content must not be guessed from what plans and journals keep. So its grounds hold no digest of it, but
 * its resource version, which moves with each write (a Secret has no status that moves by itself); and the digest of
 * what is applied is made by scrypt, salted with its name, so that each guess costs 16 MiB and some 40 ms.
 */
import { createHash, scrypt } from "node:crypto";
import { promisify } from "node:util";
import type { Json } from "../../../core/operation.ts";
import { canonical } from "../../../core/plan.ts";
import type { KubeObject } from "../../../expand/object.ts";
import { nameOf } from "../order.ts";
import { isList, isMap, isNoise, isSame, namesOf, type Path, type Value, valueAt } from "./diff.ts";
import { isOurs, ownersOf, touches } from "./owners.ts";

/** For `seen`. Null where it is not there. */
export function groundsOf(live: KubeObject | undefined, wanted: KubeObject): Json {
  if (live === undefined) return null;
  const { uid = null, resourceVersion = null } = live.metadata as Readonly<Record<string, Json>>;
  if (live.kind === "Secret") return { uid, version: resourceVersion };
  const owners = ownersOf(live);
  const differ = differing(live, wanted);
  const held = owners.filter(isOurs).flatMap((owner) => owner.paths.map((path) => [...path]));
  const foreign = owners
    .filter(
      (owner) =>
        !isOurs(owner) && differ.some((path) => owner.paths.some((one) => touches(one, path))),
    )
    .map((owner) => owner.manager);
  const values = projected(live as Value, wanted as Value, []);
  const ours = held
    .filter((path) => !isNoise(path) && !isLeft(path, wanted))
    .map((path) => [path, valueAt(live as Value, path)]);
  return {
    uid,
    from: digest(canonical([values, ours.map(canonical).sort(), [...new Set(foreign)].sort()])),
  };
}

/** Of one state of an object; another one after each write. Undefined where it is not there. */
export function versionOf(live: KubeObject | undefined): string | undefined {
  return live && `${live.metadata["uid"]} ${live.metadata["resourceVersion"]}`;
}

/** How many there are, where the release leaves that to whoever scales it. */
function isLeft(path: Path, wanted: KubeObject): boolean {
  return path.join(" ") === "spec replicas" && valueAt(wanted as Value, path) === undefined;
}

/** For `will`. */
export async function contentOf(wanted: KubeObject): Promise<Json> {
  const text = canonical(wanted);
  if (wanted.kind !== "Secret") return { content: digest(text) };
  const salt = `${wanted.metadata.namespace ?? ""} ${nameOf(wanted)}`;
  return { content: (await slow(text, salt, 12)).toString("hex") };
}

/** Fields that we ask for and that are otherwise. */
export function differing(live: KubeObject, wanted: KubeObject): readonly Path[] {
  return [...differ(live as Value, wanted as Value, [])];
}

const slow = promisify<string, string, number, Buffer>(scrypt);

/** Long enough that nobody finds two contents with the same one: whoever writes manifests may choose both. */
function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 48);
}

/** What the live object has where we ask for something. */
function projected(live: Value, wanted: Value, path: Path): Value {
  if (isNoise(path)) return undefined;
  if (isMap(live) && isMap(wanted)) {
    const keys = Object.keys(wanted);
    return Object.fromEntries(
      keys.map((key) => [key, projected(live[key], wanted[key], [...path, key])]),
    );
  }
  if (isList(live) && isList(wanted)) {
    const pairs = [...paired(live, wanted)];
    return pairs.length === 0
      ? live
      : pairs.map(([name, a, b]) => [name, projected(a, b, [...path, name]) ?? null]);
  }
  return live;
}

function* differ(live: Value, wanted: Value, path: Path): Generator<Path> {
  if (isNoise(path) || isSame(live, wanted, path)) return;
  const pairs = isList(live) && isList(wanted) ? [...paired(live, wanted)] : [];
  if (isMap(live) && isMap(wanted)) {
    for (const [key, value] of Object.entries(wanted))
      yield* differ(live[key], value, [...path, key]);
  } else if (pairs.length > 0) {
    for (const [name, a, b] of pairs) yield* differ(a, b, [...path, name]);
  } else yield path;
}

/** Each element that we ask for with the live one of that name; none where they have no names. */
function* paired(
  live: readonly Value[],
  wanted: readonly Value[],
): Generator<[string, Value, Value]> {
  const [theirs, ours] = namesOf(live, wanted) ?? [];
  for (const [at, name] of (ours ?? []).entries()) {
    const index = theirs?.indexOf(name) ?? -1;
    yield [name, index < 0 ? undefined : live[index], wanted[at]];
  }
}
