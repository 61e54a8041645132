/**
 * Carries approved objects to the cluster, each only onto what was approved: an object is applied with the version that
 * was verified, so that whatever another one wrote in between is seen. Where that was a status only, it goes on.
 */
import { Moved, Refusal } from "../../../core/refusal.ts";
import { type KubeObject, marks } from "../../../expand/object.ts";
import { backwards, inOrder, nameOf } from "../order.ts";
import { denied } from "../plan/deny.ts";
import type { Wanted } from "../plan/preview.ts";
import { ApiError, type Cluster, type Ref } from "../types.ts";

export interface Applying {
  readonly cluster: Cluster;
  /** The release's, which each object will bear. */
  readonly number: number;
  readonly wanted: Wanted;
  /** What was read, by `nameOf` each object. */
  readonly live: Live;
  /** Reads once more; throws Moved where something is not as it was approved. */
  readonly read: (wanted: Wanted) => Promise<Live>;
  /** Whether fields are taken over from others: only where that was approved. */
  readonly force: boolean;
  /** Whether an earlier try may have come part of the way. */
  readonly again: boolean;
}
export type Live = ReadonlyMap<string, KubeObject | undefined>;

/** So often an object may be written by others while we try. */
const patience = 8;

/** Creates and changes in order, then deletes what is held no more. Gives the objects as they have become, by name. */
export async function applyAll(
  a: Applying,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, KubeObject>> {
  const became = new Map<string, KubeObject>();
  for (const object of inOrder(a.wanted.objects)) {
    const name = nameOf(object);
    became.set(name, await put(a, object, a.live.get(name), signal));
  }
  await clear(a, signal);
  return became;
}

/** Whether this release's content is on it already. */
export function bears(object: KubeObject | undefined, number: number): boolean {
  return object?.metadata.annotations?.[marks.release] === String(number);
}

async function put(
  a: Applying,
  object: KubeObject,
  verified: KubeObject | undefined,
  signal: AbortSignal,
): Promise<KubeObject> {
  let live = verified;
  for (let left = patience; ; left--) {
    if (live && a.again && bears(live, a.number)) return live;
    try {
      const force = a.force && live !== undefined;
      return await a.cluster.apply(stamped(a, object, live), { force }, signal);
    } catch (error) {
      if (!isOvertaken(error) || left === 0)
        throw denied(error, `applying ${object.kind} ${object.metadata.name}`);
      live = await readAgain(a, object);
    }
  }
}

/** Something was written already: what moved now can't be planned again, it takes the change back. */
async function readAgain(a: Applying, object: KubeObject): Promise<KubeObject | undefined> {
  try {
    return (await a.read({ objects: [object], delete: [] })).get(nameOf(object));
  } catch (error) {
    throw error instanceof Moved ? new Refusal(error.message) : error;
  }
}

function stamped({ number }: Applying, object: KubeObject, live: KubeObject | undefined) {
  const { metadata } = object;
  return {
    ...object,
    metadata: {
      ...metadata,
      annotations: { ...metadata.annotations, [marks.release]: String(number) },
      ...(live && { resourceVersion: live.metadata["resourceVersion"] }),
    },
  };
}

async function clear(a: Applying, signal: AbortSignal): Promise<void> {
  for (const ref of backwards(a.wanted.delete)) {
    const live = a.live.get(nameOf(ref));
    if (live) await removeOnly(a.cluster, ref, live, signal);
  }
}

/** One that somebody made anew meanwhile is theirs, and stays. */
export async function removeOnly(
  cluster: Cluster,
  ref: Ref,
  { metadata }: KubeObject,
  signal: AbortSignal,
): Promise<void> {
  try {
    await cluster.remove(ref, { uid: String(metadata["uid"]) }, signal);
  } catch (error) {
    throw denied(error, `deleting ${ref.kind} ${ref.name}`);
  }
}

/** Written by somebody since it was read; a conflict with causes is about who owns a field. */
export function isOvertaken(error: unknown): boolean {
  return error instanceof ApiError && error.code === 409 && error.causes.length === 0;
}
