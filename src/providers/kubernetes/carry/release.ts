/**
 * The effect `release`: makes a version's objects what the cluster has.
 *
 * What moved is noticed before anything is written. The first write is the record, which only one of those that race
 * can make; it bears the effect's key and keeps the content. A later try finds it and goes on: objects that bear its
 * number are done.
 */
import type { Json } from "../../../core/operation.ts";
import { type Change, canonical, type Preview, type Seen } from "../../../core/plan.ts";
import type { Provider, Run, See } from "../../../core/provider.ts";
import { Refusal } from "../../../core/refusal.ts";
import { type KubeObject, marks } from "../../../expand/object.ts";
import { clusters } from "../../../roles/clusters.ts";
import { nameOf, refOf } from "../order.ts";
import { holdsData } from "../plan/hints.ts";
import { type Wanted, weigh } from "../plan/preview.ts";
import { type Verified, verify } from "../plan/verify.ts";
import { objectText } from "../plan/words.ts";
import { inTens } from "../tens.ts";
import type { Cluster, Ref, Release, Spot } from "../types.ts";
import { looking, reading } from "./ahead.ts";
import { applyAll, bears, type Live } from "./apply.ts";
import { isUnlabelled, requireFirst, requireUnclaimed } from "./claims.ts";
import { compare } from "./compare.ts";
import {
  type At,
  back,
  coalesced,
  type Deck,
  fieldOf,
  holds,
  isRunning,
  mainOf,
  requireNewest,
  resting,
  standing,
} from "./deck.ts";
import { comingBefore } from "./laid.ts";
import { contents, type Input, isAsPlanned, type Made, making, willIn } from "./made.ts";
import { makeNamespace, missingNamespace } from "./namespace.ts";
import { keepingReplicas } from "./replicas.ts";
import { renew } from "./restart.ts";

type Released = { url: string | null };

export function release(deck: Deck): Provider<typeof clusters>["release"] {
  const { records } = deck;
  const { make, remember, remembered, approved } = making(deck);
  const once = coalesced<Released>();

  async function preview(
    input: Input,
    see: See<Released>,
    isSecond = false,
  ): Promise<Preview<Released>> {
    const { signal } = see;
    const { version } = input;
    const spot = deck.spotOf(input);
    const main = mainOf(input);
    const planned = see.planned(main);
    // What the plan before asked is asked at once, and while the manifests are read.
    const before = isSecond ? undefined : remembered(spot, willIn(see.before));
    const look = looking(spot.as(see.by), before?.asked ?? [], signal);
    const [all, made, home] = await Promise.all([
      judged(spot, signal),
      make(spot, input, signal),
      planned === undefined ? missingNamespace(spot, look.cluster, signal) : undefined,
    ]);
    if (planned !== undefined) return onTop(spot, input, made, planned, signal);
    const [newest] = standing(all);
    const laid = await comingBefore(made.objects, see.planned);
    const objects = home ? [home, ...made.objects] : made.objects;
    // Whatever is laid there before comes with its namespace.
    const isMade = home && Object.keys(laid).length > 0;
    const comes = isMade ? { ...laid, [nameOf(home)]: see.planned(nameOf(home)) ?? null } : laid;
    const wanted = { objects, delete: dropped(all, made.objects), comes };
    const cluster = keepingReplicas(look.cluster, objects);
    const weighed = await weigh(spot, cluster, main, wanted, signal, before?.weighed);
    // Another release began between the look at the records and that at the objects: both are looked at once more.
    const isNewer = [...weighed.live.values()].some(
      (live) => numberOf(live) > (all[0]?.number ?? 0),
    );
    if (isNewer && !isSecond) return preview(input, see, true);
    const refs = nobodys(made.objects, weighed.live, all);
    await requireUnclaimed(records, spot, { refs }, signal);
    const isWell = newest?.state === "good" || newest?.state === "adopted";
    if (isWell && newest.version === version && weighed.changes.length === 0)
      return { same: { url: newest.url } };
    const again = newest?.state === "bad" && newest.version === version;
    const will = { [main]: willBe(version, made, again), ...weighed.will };
    const { changes: _, live: __, ...known } = weighed;
    remember(spot, will, { made, weighed: known, asked: look.asked() });
    return {
      changes: [
        { of: main, field: "version", from: described(newest), to: version },
        ...weighed.changes,
        ...gone(all, made.objects)
          .filter(holdsData)
          .map((ref) => stays(main, ref)),
      ],
      seen: { [main]: resting(newest), ...weighed.seen },
      will,
      knows: { url: made.url },
      undo: [back(input, all)],
    };
  }

  /** The releases; the newest is judged first where nobody has watched it to its end. */
  async function judged(spot: Spot, signal: AbortSignal): Promise<readonly Release[]> {
    const all = await records.list(spot, signal);
    if (all[0]?.state !== "going" || !deck.judge) return all;
    await deck.judge(spot, signal);
    return records.list(spot, signal);
  }

  /** What an earlier operation of the same plan makes is not there yet: content is compared with content. */
  async function onTop(
    spot: Spot,
    input: Input,
    made: Made,
    planned: Json,
    signal: AbortSignal,
  ): Promise<Preview<Released>> {
    const main = mainOf(input);
    const { service, environment, version } = input;
    const at = { service, environment };
    const was = fieldOf(planned, "version");
    const from = typeof was === "string" ? was : null;
    const before = from === null ? undefined : await make(spot, { ...at, version: from }, signal);
    const will = { [main]: willBe(version, made, false), ...(await contents(made)) };
    remember(spot, will, { made, asked: [] });
    return {
      changes: [
        { of: main, field: "version", from, to: version },
        ...compare(input, before?.objects ?? [], made.objects),
      ],
      seen: { [main]: { release: null, version: from } },
      will,
      knows: { url: made.url },
      undo: [from === null ? clusters.remove(at) : clusters.release({ ...at, version: from })],
    };
  }

  /**
   * A version that is known only after an earlier operation: all that can be said yet is that there will be one, and
   * that everything that it brings comes with it.
   */
  async function later(at: At, version: Json, see: See<Released>): Promise<Preview<Released>> {
    const main = mainOf(at);
    const all = await records.list(deck.spotOf(at), see.signal);
    const [newest] = standing(all);
    const spot = deck.spotOf(at);
    const home = await missingNamespace(spot, spot.as(see.by), see.signal);
    return {
      changes: [
        { of: main, field: "version", from: described(newest), to: version },
        { of: main, from: newest ? "as it is" : null, to: version },
      ],
      seen: {
        [main]: see.planned(main) ?? resting(newest),
        ...(home && { [nameOf(home)]: null }),
      },
      will: { [main]: { release: null, version } },
      undo: [back(at, all)],
    };
  }

  async function carry(input: Input, run: Run<Released>): Promise<Released> {
    const { key, seen, plan, by, signal } = run;
    signal.throwIfAborted();
    const spot = deck.spotOf(input);
    const cluster = spot.as(by);
    // What the records tell and what is there are both looked at before anything is written: so at the same time.
    const kept = remembered(spot, willIn(plan));
    const refs = kept?.made.objects.map(refOf) ?? [];
    const look = looking(cluster, refs.map(reading), signal).cluster;
    const all = await records.list(spot, signal);
    const own = all.find((one) => one.key === key);
    if (own && own.state !== "applying") return { url: own.url };
    const begun = own
      ? await goOn(spot, look, input, own, all, run)
      : await begin(spot, look, input, all, run);
    const { number, live, url } = begun;
    const fresh = begun.wanted.objects.map(refOf).filter((ref) => !live.get(nameOf(ref)));
    if (fresh.length > 0)
      await requireFirst(records, spot, cluster, { refs: fresh, number }, signal);
    const read = (wanted: Wanted) => found(spot, cluster, wanted, seen, { ours: number }, signal);
    const force = Object.keys(seen).length > 1 || isOpen(run);
    const again = own !== undefined;
    const keeping = keepingReplicas(cluster, begun.wanted.objects);
    const became = await applyAll({ cluster: keeping, read, force, again, ...begun }, signal);
    const main = willIn(plan)[mainOf(input)];
    if (fieldOf(main, "again") === true) await makeAnew(cluster, number, live, became, signal);
    if (all.length > 20) await records.tidy(spot, signal);
    await records.mark(spot, number, "going", undefined, signal);
    return { url };
  }

  /** What was approved: of a version that was not known then, what it consists of now. */
  async function willOf(spot: Spot, input: Input, run: Run<Released>): Promise<Seen> {
    if (isOpen(run)) return contents(await make(spot, input, run.signal));
    return willIn(run.plan);
  }

  async function begin(
    spot: Spot,
    cluster: Cluster,
    input: Input,
    all: readonly Release[],
    run: Run<Released>,
  ): Promise<Begun> {
    const { key, seen, by, signal } = run;
    requireNewest(input, seen, standing(all)[0]);
    const { objects, pins, url } = await approved(
      spot,
      input,
      await willOf(spot, input, run),
      signal,
    );
    const wanted = { objects, delete: dropped(all, objects) };
    const live = isOpen(run)
      ? await tried(spot, cluster, wanted, signal)
      : await found(spot, cluster, wanted, seen, { known: knownFor(spot, run) }, signal);
    await makeNamespace(spot, cluster, seen, signal);
    const number = 1 + Math.max(all[0]?.number ?? 0, ...[...live.values()].map(numberOf));
    const facts = { number, version: input.version, key, at: deck.now(), by };
    const record = {
      ...facts,
      state: "applying",
      inventory: objects.map(refOf),
      pins,
      url,
    } as const;
    await records.create(spot, record, objects, signal);
    return { number, wanted, live, url };
  }

  async function goOn(
    spot: Spot,
    cluster: Cluster,
    input: Input,
    { number, url }: Release,
    all: readonly Release[],
    run: Run<Released>,
  ): Promise<Begun> {
    const { seen, signal } = run;
    const [newest] = all;
    if (newest && newest.number !== number)
      throw new Refusal(
        `${spot.service} in ${spot.environment} was released as ${newest.version} before this was done.`,
      );
    const objects = await records.content(spot, number, signal);
    if (!objects) throw new Error(`reading release ${number} of ${spot.service}: it is gone`);
    if (!(await isAsPlanned(objects, await willOf(spot, input, run))))
      throw new Refusal(
        `What was kept of release ${number} of ${spot.service} is not what was approved: look at who may write Secrets in ${spot.namespace}, and deploy it again.`,
      );
    const wanted = { objects, delete: dropped(all.slice(1), objects) };
    const live = await found(spot, cluster, wanted, seen, { ours: number }, signal);
    return { number, wanted, live, url };
  }

  /** The versions of the objects that the plan was made of, where they are kept. */
  function knownFor(spot: Spot, { plan, seen }: Run<Released>): Verified["known"] {
    const weighed = remembered(spot, willIn(plan))?.weighed;
    const isIt = canonical({ ...seen, ...weighed?.seen }) === canonical(seen);
    return isIt ? weighed?.versions : undefined;
  }

  return {
    preview: async (input, see) => {
      const { version } = input;
      if (typeof version === "string") return preview({ ...input, version }, see);
      return later(input, version as unknown as Json, see); // it stands as data until it is known
    },
    run: (input, run) => once(run.key, () => carry(input, run)),
    async find(input, key) {
      const all = await records.list(deck.spotOf(input), AbortSignal.timeout(30_000));
      const own = all.find((one) => one.key === key);
      return own && own.state !== "applying" ? { did: { url: own.url } } : "not done";
    },
  };
}

/** Tells that something holds data and is left alone. */
export function stays(main: string, ref: Ref): Change {
  const to = "stays with its data, until it is deleted by hand";
  return { of: main, field: objectText(ref), from: "there", to };
}

interface Begun {
  readonly number: number;
  readonly wanted: Wanted;
  readonly live: Live;
  readonly url: string | null;
}

/** As it is there now: verified where the plan looked at it, else only read, since an earlier operation made it. */
async function found(
  spot: Spot,
  cluster: Cluster,
  wanted: Wanted,
  seen: Seen,
  known: Verified,
  signal: AbortSignal,
): Promise<Live> {
  const isSeen = (one: KubeObject | Ref) => nameOf(one) in seen;
  const looked = { objects: wanted.objects.filter(isSeen), delete: wanted.delete.filter(isSeen) };
  const verified = await verify(spot, cluster, looked, seen, known, signal);
  const refs = [...wanted.objects.map(refOf), ...wanted.delete].filter((ref) => !isSeen(ref));
  const live = await inTens(refs, (ref) => cluster.get(ref, signal));
  return new Map([...verified, ...refs.map((ref, i) => [nameOf(ref), live[i]] as const)]);
}

/** Whether the version was not known when this was approved, and so nothing of what it brings. */
function isOpen({ plan }: Run<Released>): boolean {
  return Object.values(willIn(plan)).some(
    (one) => fieldOf(one, "release") === null && !isText(fieldOf(one, "version")),
  );
}

const isText = (value: unknown): boolean => typeof value === "string";

/** What no plan looked at is tried now: what the API server would refuse is refused before anything is applied. */
async function tried(
  spot: Spot,
  cluster: Cluster,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Live> {
  const home = await missingNamespace(spot, cluster, signal);
  const objects = home ? [home, ...wanted.objects] : wanted.objects;
  const trying = keepingReplicas(cluster, objects);
  return (await weigh(spot, trying, mainOf(spot), { ...wanted, objects }, signal)).live;
}

/** The pods of a version that failed before are made anew, where applying it did not do so already. */
async function makeAnew(
  cluster: Cluster,
  number: number,
  live: Live,
  became: ReadonlyMap<string, KubeObject>,
  signal: AbortSignal,
): Promise<void> {
  for (const [name, object] of became) {
    const before = live.get(name);
    const isSame = podsOf(before) === podsOf(object);
    if (isRunning(object) && (isSame || bears(before, number)))
      await renew(cluster, object, `release-${number}`, signal);
  }
}

/** A Deployment's generation counts its annotations too: only the template tells whether there will be new pods. */
const podsOf = (object: KubeObject | undefined): string =>
  canonical(fieldOf(object?.["spec"], "template"));

/** Anybody may write an annotation: one that no release of ours could have had counts as none. */
function numberOf(object: KubeObject | undefined): number {
  const noted = object?.metadata.annotations?.[marks.release] ?? "";
  return /^\d{1,9}$/.test(noted) ? Number(noted) : 0;
}

function willBe(version: string, { pins }: Made, again: boolean): Json {
  const more = { ...(again && { again }), ...(Object.keys(pins).length > 0 && { pins }) };
  return { release: null, version, ...more };
}

/** The version that is wanted now, and what is wrong with it. */
function described(newest: Release | undefined): string | null {
  if (!newest) return null;
  const wrong: Partial<Record<Release["state"], string>> = {
    ...{ bad: "failed", going: "starting", applying: "unfinished" },
  };
  const what = wrong[newest.state];
  return what === undefined ? newest.version : `${newest.version} (${what})`;
}

/** What would be made, and what is there without a label that tells whose it is; but for what the service holds. */
function nobodys(
  objects: readonly KubeObject[],
  live: Live,
  all: readonly Release[],
): readonly Ref[] {
  const held = new Set(holds(all).map(nameOf));
  return objects
    .filter((object) => isUnlabelled(live.get(nameOf(object))) && !held.has(nameOf(object)))
    .map(refOf);
}

/** Held and no longer wanted; what holds data is never deleted on the way. */
function dropped(all: readonly Release[], objects: readonly KubeObject[]): readonly Ref[] {
  return gone(all, objects).filter((ref) => !holdsData(ref));
}

function gone(all: readonly Release[], objects: readonly KubeObject[]): readonly Ref[] {
  const wanted = new Set(objects.map(nameOf));
  return holds(all).filter((ref) => !wanted.has(nameOf(ref)));
}
