/** Whether the world is still as it was planned, just before something is written. */
import type { Json } from "../../../core/operation.ts";
import { canonical, type Seen } from "../../../core/plan.ts";
import { Moved } from "../../../core/refusal.ts";
import { type KubeObject, marks } from "../../../expand/object.ts";
import { chiefOf, nameOf, refOf } from "../order.ts";
import { inTens } from "../tens.ts";
import type { Cluster, Spot } from "../types.ts";
import { denied } from "./deny.ts";
import { type Value, valueAt } from "./diff.ts";
import { differing, groundsOf, versionOf } from "./grounds.ts";
import { isOurs, managerText, ownersOf, touches } from "./owners.ts";
import type { Wanted } from "./wanted.ts";
import { fieldText, objectText, told } from "./words.ts";

/** What need not be looked into. */
export interface Verified {
  readonly ours?: number | undefined;
  /** `versionOf` the objects that `seen` was made of, by `nameOf`. */
  readonly known?: ReadonlyMap<string, string | undefined> | undefined;
}

/**
 * The objects as they are now, by `nameOf`, for conditional writes. Throws Moved with what changed and by whom where
 * it is not what `seen` says; what an earlier attempt at the release of number `ours` applied is as it should be, and
 * so is what nobody has written to since it was `known` to be.
 */
export async function verify(
  spot: Spot,
  cluster: Cluster,
  wanted: Wanted,
  seen: Seen,
  { ours, known }: Verified,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, KubeObject | undefined>> {
  const read = async (ref: Parameters<Cluster["get"]>[0]) => {
    try {
      return await cluster.get(ref, signal);
    } catch (error) {
      throw denied(error, `reading ${ref.kind} ${ref.name}`);
    }
  };
  const chief = chiefOf(spot.service, wanted.objects);
  const kept = await inTens(wanted.objects, async (object) => {
    const live = await read(refOf(object));
    const name = nameOf(object);
    const isDone = ours !== undefined && live?.metadata.annotations?.[marks.release] === `${ours}`;
    const isSo = isDone || (live && versionOf(live) === known?.get(name));
    if (!isSo && canonical(groundsOf(live, object)) !== canonical(seen[name] ?? null))
      throw new Moved(
        `${main(spot)}: ${moved(spot, live, object, seen[name], object === chief)} since this was planned.`,
      );
    return [name, live] as const;
  });
  const gone = await inTens(wanted.delete, async (ref) => {
    const name = nameOf(ref);
    const live = await read(ref);
    const was = seen[name] ?? null;
    // One that is gone, or that was not to be deleted, needs nothing.
    if (live === undefined || was === null) return [name, undefined] as const;
    if (canonical(was) !== canonical({ uid: live.metadata["uid"] }))
      throw new Moved(`${main(spot)}: ${objectText(ref)} was made anew since this was planned.`);
    return [name, live] as const;
  });
  return new Map([...kept, ...gone]);
}

function main({ environment, service }: Spot): string {
  return `${environment}/${service}`;
}

/** What was done to it, as far as the API server tells: the newest write to a field that we set otherwise. */
function moved(
  spot: Spot,
  live: KubeObject | undefined,
  wanted: KubeObject,
  was: Json | undefined,
  isMain: boolean,
): string {
  const what = objectText(refOf(wanted));
  if (live === undefined) return `${what} was deleted`;
  const owners = ownersOf(live)
    .filter((owner) => !isOurs(owner) && owner.subresource !== "status")
    .sort((a, b) => (a.time < b.time ? 1 : -1));
  const [newest] = owners;
  const by = newest === undefined ? "" : ` by ${managerText(newest.manager, newest.subresource)}`;
  if ((was ?? null) === null) return `${what} was created${by}`;
  const uid = valueAt(was ?? null, ["uid"]);
  if (uid !== undefined && uid !== live.metadata["uid"]) return `${what} was deleted and made anew`;
  if (wanted.kind === "Secret") return `${what} was changed${by}`;
  const paths = differing(live, wanted);
  const path = paths.find((one) => newest?.paths.some((owned) => touches(owned, one)));
  if (path === undefined || live.kind === "Secret") return `${what} was changed${by}`;
  const whose = { service: spot.service, object: live, isMain };
  const now = valueAt(live as Value, path);
  const { field, to } = told({ path, from: valueAt(wanted as Value, path), to: now }, whose);
  return now === undefined
    ? `${fieldText(path, whose)} was taken away${by}`
    : `${field} was set to ${to}${by}`;
}
