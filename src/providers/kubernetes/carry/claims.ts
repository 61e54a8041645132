/**
 * Names that other services of a namespace have by their records alone: of what they are making right now, and of what
 * they adopted, which bears no label of ours before their next release. All else tells by its labels whose it is.
 *
 * A record is there before anything that it names is made, and the API server counts all writes. So of two that would
 * make the same name at once, the one whose record came first goes on; the other sees it there and makes nothing.
 */
import { Refusal, refuse } from "../../../core/refusal.ts";
import { type KubeObject, marks } from "../../../expand/object.ts";
import { nameOf, refOf } from "../order.ts";
import { objectText } from "../plan/words.ts";
import { inTens } from "../tens.ts";
import type { Claim, Cluster, Records, Ref, Spot } from "../types.ts";
import { isOwn } from "../whose.ts";

/** What is asked for, and under which number it has a record already: later ones don't count then. */
interface Asked {
  readonly refs: readonly Ref[];
  readonly number?: number;
}

/** Another service's claim to one of these, as far as it is still its newest release. */
export async function claimed(
  records: Records,
  spot: Spot,
  { refs, number }: Asked,
  signal: AbortSignal,
): Promise<{ readonly ref: Ref; readonly by: Claim } | undefined> {
  if (refs.length === 0) return undefined;
  const all = await records.claims(spot, signal);
  const isOurs = ({ service, environment }: Claim) =>
    service === spot.service && environment === spot.environment;
  const order = all.find((claim) => isOurs(claim) && claim.number === number)?.order;
  for (const by of all) {
    if (isOurs(by) || (order !== undefined && by.order > order)) continue;
    const ref = refs.find((one) => by.inventory.some((its) => nameOf(its) === nameOf(one)));
    if (ref === undefined) continue;
    const { service, environment } = by;
    const [newest] = await records.list({ ...spot, service, environment }, signal);
    if (newest?.number === by.number) return { ref, by };
  }
  return undefined;
}

/** Refuses before anybody is asked what another service is making, or has adopted. */
export async function requireUnclaimed(
  records: Records,
  spot: Spot,
  /** Those of a plan that are not there, or whose labels tell nobody's name. */
  asked: Asked,
  signal: AbortSignal,
): Promise<void> {
  const found = await claimed(records, spot, asked, signal);
  if (found) refuse(claimText(found));
}

/**
 * Once the own record is there, of `number`: refuses where another one came first, before anything that is new is made.
 * The record tells of that and claims nothing any more.
 */
export async function requireFirst(
  records: Records,
  spot: Spot,
  cluster: Cluster,
  { refs, number }: Required<Asked>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await requireAlone(records, spot, cluster, { refs, number }, signal);
  } catch (error) {
    if (error instanceof Refusal) await records.mark(spot, number, "bad", error.message, signal);
    throw error;
  }
}

/** Refuses where another service is making one of these, or has made it. */
export async function requireAlone(
  records: Records,
  spot: Spot,
  cluster: Cluster,
  asked: Asked,
  signal: AbortSignal,
): Promise<void> {
  await requireUnclaimed(records, spot, asked, signal);
  // One whose record came first may have ended meanwhile: then what it made is there.
  for (const live of await inTens(asked.refs, (ref) => cluster.get(ref, signal)))
    if (live && !isOwn(spot, live))
      refuse(
        `${objectText(refOf(live))} was made by ${live.metadata.labels?.[marks.service]} meanwhile: give it another name.`,
      );
}

/** Whether its labels tell nobody's name, or it is not there. */
export function isUnlabelled(live: KubeObject | undefined): boolean {
  return live?.metadata.labels?.[marks.service] === undefined;
}

function claimText({ ref, by }: NonNullable<Awaited<ReturnType<typeof claimed>>>): string {
  const what = objectText(ref);
  const whose = `${by.service} in ${by.environment}`;
  return by.state === "adopted"
    ? `${what} belongs to ${whose}, which adopted it: give it another name.`
    : `${what} is being made by ${whose} right now, with its version ${by.version}: give it another name.`;
}
