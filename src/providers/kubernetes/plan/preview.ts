/** What a release would do to a cluster's objects: asked of the API server itself, before anybody is asked. */
import type { Change, Seen } from "../../../core/plan.ts";
import { refuse } from "../../../core/refusal.ts";
import { type KubeObject, marks } from "../../../expand/object.ts";
import { asRead, backwards, chiefOf, groupOf, inOrder, nameOf, refOf } from "../order.ts";
import { inTens } from "../tens.ts";
import { ApiError, type Cluster, type Ref, type Spot } from "../types.ts";
import { isOwn } from "../whose.ts";
import { about, inAll } from "./about.ts";
import { accessChange } from "./access.ts";
import { absent, denied } from "./deny.ts";
import { type Difference, differences, isSame, type Path, type Value, valueAt } from "./diff.ts";
import { contentOf, groundsOf, versionOf } from "./grounds.ts";
import { newText, thereText } from "./hints.ts";
import { managerText, pathIn, touches, undoes, us } from "./owners.ts";
import { room } from "./room.ts";
import type { Wanted } from "./wanted.ts";
import { objectText, told, wordsBefore } from "./words.ts";

export { verify } from "./verify.ts";
export type { Wanted } from "./wanted.ts";

export interface Weighed {
  /** In people's words, all `of` the given main name; without the line that tells the version. */
  readonly changes: readonly Change[];
  /** What it rests on, by `nameOf` each object; null where it is not there. */
  readonly seen: Seen;
  /** A digest of what is applied, by the same names; null for what is deleted. */
  readonly will: Seen;
  /** What was read, by the same names. Undefined too for what is not deleted because it is not ours any more. */
  readonly live: ReadonlyMap<string, KubeObject | undefined>;
  /** What was asked for, by the same names. */
  readonly objects: ReadonlyMap<string, KubeObject>;
  /** `versionOf` what was read, by the same names. */
  readonly versions: ReadonlyMap<string, string | undefined>;
}

/** What is worth keeping of it until the next look. */
export type Known = Omit<Weighed, "changes" | "live">;

/**
 * Changes nothing. Refuses in one sentence what the API server would refuse. Asked twice of an unchanged world it
 * answers the same; `signal` ends it. `before` is an earlier answer, of which is kept what can't be another.
 */
export async function weigh(
  spot: Spot,
  cluster: Cluster,
  main: string,
  wanted: Wanted,
  signal: AbortSignal,
  before?: Known,
): Promise<Weighed> {
  const ordered = inOrder(wanted.objects);
  const chief = chiefOf(spot.service, ordered);
  const rendered = renderedOf(ordered);
  const { comes = {} } = wanted;
  const left = ordered.filter((object) => !(nameOf(object) in comes));
  const weighed = await inTens(left, async (object) => {
    const tried = await dryRun({ spot, cluster, rendered, signal }, object);
    const whose = { service: spot.service, object, isMain: object === chief };
    const { live, after } = tried;
    const name = nameOf(object);
    const isKnown = isSame(before?.objects.get(name) as Value, object as Value, []);
    const isStill = isKnown && live && versionOf(live) === before?.versions.get(name);
    return {
      ...tried,
      changes: changesOf(main, tried, whose),
      warnings: accessChange(live, after, wordsBefore(whose)),
      details: live === undefined ? about(after, object, whose) : [],
      content: (isKnown && before?.will[name]) || (await contentOf(object)),
      grounds: (isStill && before?.seen[name]) || groundsOf(live, object),
    };
  });
  const gone = await inTens(backwards(wanted.delete), async (ref) => {
    const live = await toDelete(spot, cluster, ref, signal);
    return { name: nameOf(ref), ref, live };
  });
  const touched = weighed.filter(({ changes }) => changes.length > 0);
  // A namespace that comes with the release has no quota yet, and nothing can be tried in it.
  if (!weighed.some(({ unchecked }) => unchecked === "namespace"))
    await room(spot, cluster, { wanted, touched }, signal);
  const first = weighed.filter(({ object }) => object === chief);
  const others = asRead(weighed.filter(({ object }) => object !== chief));
  const read = [...first, ...others];
  const ofMain = (lines: readonly Omit<Change, "of">[]) =>
    lines.map((one) => ({ of: main, ...one }));
  return {
    changes: [
      ...first.flatMap(({ changes }) => changes),
      ...ofMain(read.flatMap(({ warnings }) => warnings)),
      ...others.flatMap(({ changes }) => changes),
      ...asRead(gone.map((one) => ({ ...one, object: one.ref }))).flatMap(({ live, ref }) =>
        live ? [{ of: main, field: objectText(ref), from: thereText(ref), to: null }] : [],
      ),
      ...ofMain(inAll(read.flatMap(({ details }) => details))),
    ],
    seen: Object.fromEntries([
      ...weighed.map(({ object, grounds }) => [nameOf(object), grounds] as const),
      ...gone.map(({ name, live }) => [name, uidOf(live)] as const),
    ]),
    will: Object.fromEntries([
      ...Object.entries(comes),
      ...weighed.map(({ object, content }) => [nameOf(object), content] as const),
      ...gone.map(({ name }) => [name, null] as const),
    ]),
    live: new Map([
      ...weighed.map(({ object, live }) => [nameOf(object), live] as const),
      ...gone.map(({ name, live }) => [name, live] as const),
    ]),
    objects: new Map(weighed.map(({ object }) => [nameOf(object), object])),
    versions: new Map(weighed.map(({ object, live }) => [nameOf(object), versionOf(live)])),
  };
}

interface Tried {
  readonly object: KubeObject;
  readonly live: KubeObject | undefined;
  /** What it would become. */
  readonly after: KubeObject;
  /** By whom a field is held that we would set otherwise. */
  readonly conflicts: readonly { readonly path: Path; readonly by: string }[];
  /** It could not be tried: what it needs comes with the same release. */
  readonly unchecked?: "kind" | "namespace";
}

interface Asking {
  readonly spot: Spot;
  readonly cluster: Cluster;
  readonly rendered: ReturnType<typeof renderedOf>;
  readonly signal: AbortSignal;
}

async function dryRun(asking: Asking, object: KubeObject): Promise<Tried> {
  const { spot, cluster, rendered, signal } = asking;
  const fresh = { object, live: undefined, after: object, conflicts: [] };
  const doing = `applying ${object.kind} ${object.metadata.name}`;
  try {
    const kind = await cluster.serves(object, signal);
    if (kind === undefined) {
      if (rendered.kinds.has(`${groupOf(object.apiVersion).group} ${object.kind}`))
        return { ...fresh, unchecked: "kind" };
      throw absent(cluster.name, object);
    }
    const { namespace } = object.metadata;
    if (kind.namespaced && namespace !== spot.namespace)
      refuse(
        `${object.kind} ${object.metadata.name} is for the namespace ${namespace ?? "default"}, but ${spot.service} lives in ${spot.namespace} in ${spot.environment}: leave the namespace out.`,
      );
    const [live, { after, conflicts }] = await Promise.all([
      cluster.get(refOf(object), signal),
      attempt(cluster, object, signal),
    ]);
    if (live !== undefined) mayChange(spot, live);
    return { object, live, after, conflicts: live === undefined ? [] : resolved(conflicts, live) };
  } catch (error) {
    if (isNamespaceAbsent(error) && rendered.namespaces.has(object.metadata.namespace ?? ""))
      return { ...fresh, unchecked: "namespace" };
    throw denied(error, doing);
  }
}

/** Without force first, so that the API server names who else holds what we would set otherwise. */
async function attempt(
  cluster: Cluster,
  object: KubeObject,
  signal: AbortSignal,
): Promise<{ readonly after: KubeObject; readonly conflicts: ApiError["causes"] }> {
  try {
    return { after: await cluster.apply(object, { dryRun: true }, signal), conflicts: [] };
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 409 || error.causes.length === 0)
      throw error;
    const after = await cluster.apply(object, { dryRun: true, force: true }, signal);
    return { after, conflicts: error.causes };
  }
}

function resolved(causes: ApiError["causes"], live: KubeObject): Tried["conflicts"] {
  return causes.flatMap(({ field, message }) => {
    const path = pathIn(live, field);
    const [, manager = "", subresource] =
      /conflict with "([^"]*)"(?: with subresource "([^"]*)")?/.exec(message) ?? [];
    // What Shipmate set by other means (a scale, a restart) is taken back into the release without a word.
    return path === undefined || manager === us
      ? []
      : [
          {
            path,
            by: `${managerText(manager, subresource)}${undoes(manager) ? ", which may set it back" : ""}`,
          },
        ];
  });
}

function changesOf(
  main: string,
  { object, live, after, conflicts }: Tried,
  whose: Parameters<typeof told>[1],
): readonly Change[] {
  if (live === undefined) {
    const field = objectText(refOf(object));
    return [{ of: main, field, from: null, to: newText(object) }];
  }
  const isLabel = ({ path }: Difference) => Number(path.slice(0, 3).includes("metadata"));
  const found = differences(live, after, object).toSorted((a, b) => isLabel(a) - isLabel(b));
  const changes = found.map((difference) => {
    const change = { of: main, ...told(difference, whose) };
    const holders = holdersOf(difference, conflicts);
    return holders === undefined ? change : { ...change, by: holders };
  });
  return distinct(changes);
}

function holdersOf({ path }: Difference, conflicts: Tried["conflicts"]): string | undefined {
  const names = conflicts.filter((conflict) => touches(conflict.path, path)).map(({ by }) => by);
  return names.length === 0 ? undefined : [...new Set(names)].sort().join(" and ");
}

/** Lines that would read the same are one. */
function distinct(changes: readonly Change[]): readonly Change[] {
  return [...new Map(changes.map((change) => [JSON.stringify(change), change])).values()];
}

async function toDelete(
  spot: Spot,
  cluster: Cluster,
  ref: Ref,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  try {
    if ((await cluster.serves(ref, signal)) === undefined) return undefined;
    const live = await cluster.get(ref, signal);
    if (live === undefined || !isOwn(spot, live) || isKept(live)) return undefined;
    const { uid } = live.metadata;
    await cluster.remove(ref, { dryRun: true, ...(typeof uid === "string" && { uid }) }, signal);
    return live;
  } catch (error) {
    throw denied(error, `deleting ${ref.kind} ${ref.name}`);
  }
}

/** Refuses what belongs to another service, and what is on its way out. */
function mayChange(spot: Spot, live: KubeObject): void {
  const what = objectText(refOf(live));
  if (!isOwn(spot, live)) {
    const { labels = {} } = live.metadata;
    refuse(
      `${what} belongs to ${labels[marks.service]} in ${labels[marks.environment] ?? "another environment"}: give it another name.`,
    );
  }
  if (live.metadata["deletionTimestamp"] !== undefined)
    refuse(`${what} is being deleted: wait until it is gone, then try again.`);
}

/** Helm's way to say that an object outlives its chart. */
function isKept({ metadata: { annotations = {} } }: KubeObject): boolean {
  return annotations["helm.sh/resource-policy"] === "keep";
}

function uidOf(live: KubeObject | undefined): Seen[string] {
  return live === undefined ? null : { uid: (live.metadata["uid"] ?? null) as string | null };
}

/** The namespaces and kinds that come with the release itself. */
function renderedOf(objects: readonly KubeObject[]) {
  const crds = objects.filter(({ kind }) => kind === "CustomResourceDefinition");
  return {
    namespaces: new Set(
      objects.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name),
    ),
    kinds: new Set(
      crds.map((crd) => {
        const at = (...path: string[]): Value => valueAt(crd as Value, ["spec", ...path]);
        return `${at("group")} ${at("names", "kind")}`;
      }),
    ),
  };
}

function isNamespaceAbsent(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    error.code === 404 &&
    /^namespaces? "[^"]+" not found/.test(error.message)
  );
}
