/**
 * What a migration needs of its version, such as its account, its files and its database: laid before the Job where it
 * is missing, under a label that the release takes off. What still has the label came to no release.
 */
import { canonical, type Seen } from "../../../core/plan.ts";
import type { See } from "../../../core/provider.ts";
import { Moved } from "../../../core/refusal.ts";
import { groundKinds, isGround } from "../../../expand/kinds.ts";
import { type KubeObject, marks } from "../../../expand/object.ts";
import { inOrder, nameOf, refOf } from "../order.ts";
import { denied } from "../plan/deny.ts";
import { contentOf } from "../plan/grounds.ts";
import { objectText } from "../plan/words.ts";
import { inTens } from "../tens.ts";
import { ApiError, type Cluster, type Records, type Ref, type Spot } from "../types.ts";
import { requireAlone, requireUnclaimed } from "./claims.ts";
import { type At, hashOf, withLabels } from "./deck.ts";

/** A hash of the effect's key. */
const laidLabel = "shipmate.dev/laid";

/** Of a version's objects those that have to be laid. */
export async function missingGround(
  cluster: Cluster,
  objects: readonly KubeObject[],
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const all = objects.filter(isGround);
  const isMissing = await inTens(
    all,
    async (object) =>
      // What the cluster does not know yet is for the dry run to refuse, in words.
      (await cluster.serves(object, signal)) === undefined ||
      (await cluster.get(refOf(object), signal)) === undefined,
  );
  return all.filter((_, i) => isMissing[i]);
}

/** Which of these an earlier operation of the same plan makes just so, as its `will` tells of them. */
export async function comingBefore(
  objects: readonly KubeObject[],
  planned: See<unknown>["planned"],
): Promise<Seen> {
  const known = objects.filter((object) => planned(nameOf(object)) !== undefined);
  const contents = await inTens(known, contentOf);
  const same = known.flatMap((object, i) => {
    const content = contents[i] ?? null;
    const isSame = canonical(planned(nameOf(object))) === canonical(content);
    return isSame ? [[nameOf(object), content] as const] : [];
  });
  return Object.fromEntries(same);
}

/**
 * Converges. Throws Moved, before anything is written, where somebody else has made one of them since, and refuses what
 * another service is making. That one has a record and this has none yet: where both begin at once, it goes on.
 */
export async function lay(
  { records, spot, cluster }: Laying,
  objects: readonly KubeObject[],
  key: string,
  signal: AbortSignal,
): Promise<void> {
  const ours = inOrder(objects).map((one) => withLabels(one, { [laidLabel]: hashOf(key) }));
  const live = await inTens(ours, (object) => cluster.get(refOf(object), signal));
  const theirs = live.find((one) => one && one.metadata.labels?.[laidLabel] !== hashOf(key));
  if (theirs) throw new Moved(`${objectText(refOf(theirs))} was created since this was planned.`);
  const missing = ours.filter((_, i) => !live[i]);
  const refs = missing.map(refOf);
  await requireUnclaimed(records, spot, { refs }, signal);
  for (const object of missing)
    await cluster.apply(object, {}, signal).catch((error: unknown) => {
      throw denied(error, `applying ${object.kind} ${object.metadata.name}`);
    });
  // A record that was written since was written before its service looked, which may have been before these were there.
  await requireAlone(records, spot, cluster, { refs }, signal);
}

interface Laying {
  readonly records: Records;
  readonly spot: Spot;
  readonly cluster: Cluster;
}

/** What was laid there and came to no release: looked for with Shipmate's own rights, as far as those go. */
export async function leftLying(spot: Spot, signal: AbortSignal): Promise<readonly Ref[]> {
  const all = await inTens(groundKinds, (kind) => marked(spot, kind, signal));
  return all.flat().map(refOf);
}

async function marked(
  { own, namespace, service, environment }: Spot & At,
  kind: (typeof groundKinds)[number],
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  if ((await own.serves(kind, signal)) === undefined) return [];
  const labels = `${marks.service}=${service},${marks.environment}=${environment},${laidLabel}`;
  try {
    return await own.list(kind, { namespace, labels }, signal);
  } catch (error) {
    if (error instanceof ApiError && error.code === 403) return [];
    throw error;
  }
}
