/** Images to digests: what was approved is what runs, even where somebody moves a tag afterwards. */
import { nearest } from "../../../core/nearest.ts";
import { refuse } from "../../../core/refusal.ts";
import { listed } from "../../../core/words.ts";
import type { KubeObject } from "../../../expand/object.ts";
import { own } from "../../../platform/own.ts";
import { Version } from "../../../roles/clusters.ts";
import type { Pin } from "../types.ts";
import { imagesOf, withImages } from "./images.ts";
import { newestFirst } from "./newest.ts";
import { type Reference, reference, sameImage } from "./reference.ts";
import type { Registries } from "./registry.ts";

export interface Pinned {
  readonly objects: readonly KubeObject[];
  readonly pins: readonly Pin[];
}

/**
 * The objects with the digest of each image that a registry tells. `known`: digests by image that were found earlier,
 * which are not asked for again. Refuses an image that a registry which answers does not have.
 */
export async function withDigests(
  objects: readonly KubeObject[],
  at: { readonly service: string; readonly version: string; readonly image: string },
  known: Readonly<Record<string, string>>,
  registries: Registries,
  signal: AbortSignal,
): Promise<Pinned> {
  const pins = await Promise.all(
    imagesOf(objects).map(async (image): Promise<Pin | undefined> => {
      const before = own(known, image);
      if (before !== undefined) return { image, digest: before };
      const named = reference(image);
      if (!named) return { image, why: "its name is not one that a registry could have" };
      if (named.digest !== undefined) return undefined;
      const found = await registries.digest(named, signal);
      if ("missing" in found) return missing(named, at, registries, signal);
      return { image, ...found };
    }),
  );
  const there = pins.filter((pin) => pin !== undefined);
  const digests = new Map(there.map(({ image, digest }) => [image, digest]));
  const pinned = (image: string) => {
    const digest = digests.get(image);
    return digest === undefined ? image : `${image}@${digest}`;
  };
  return { objects: objects.map((object) => withImages(object, pinned)), pins: there };
}

/** The tags that are versions, the newest first. */
export function versionsAmong(tags: readonly string[]): readonly string[] {
  return tags
    .filter((tag) => Version.safeParse(tag).success && !beside.test(tag))
    .sort(newestFirst);
}

/** Signatures and the like are kept beside an image under its digest (cosign, OCI referrers by tag). */
const beside = /^sha(256|512)-[0-9a-f]{32,}(\.\w+)?$/;

async function missing(
  image: Reference,
  at: { readonly service: string; readonly version: string; readonly image: string },
  registries: Registries,
  signal: AbortSignal,
): Promise<never> {
  const { service, version } = at;
  if (image.tag !== version || !sameImage(image.name, at.image))
    return refuse(
      `${image.host} has no ${image.path}:${image.tag ?? "latest"}, which ${service} needs: push it there, or name another one in the manifests.`,
    );
  const there = versionsAmong((await registries.tags(image, signal)) ?? []);
  const near = nearest(version, there.slice(0, 200));
  const shown = [...near, ...there.filter((tag) => !near.includes(tag))];
  const has = shown.length === 0 ? "none of it" : listed(shown, "and", 5);
  return refuse(`There is no version ${version} of ${service}: ${image.host} has ${has}.`);
}
