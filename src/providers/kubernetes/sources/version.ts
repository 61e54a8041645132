/** Which image of a service's manifests is its version, and the manifests with another version. */
import { refuse } from "../../../core/refusal.ts";
import { listed } from "../../../core/words.ts";
import type { KubeObject } from "../../../expand/object.ts";
import { line } from "../../../observe/text.ts";
import { imagesOf, withImages } from "./images.ts";
import { reference, sameImage } from "./reference.ts";

/** The image whose tag is the version, without its tag. */
export interface Versioned {
  readonly objects: readonly KubeObject[];
  readonly image: string;
}

/** Sets the tag of the service's image wherever it stands. `image` is what platform.yaml says, if it says something. */
export function withVersion(
  objects: readonly KubeObject[],
  at: { readonly service: string; readonly version: string },
  image: string | undefined,
): Versioned {
  const name = versionImage(objects, at.service, image);
  const tagged = (old: string) =>
    sameImage(old, name) ? `${reference(old)?.name ?? name}:${at.version}` : old;
  return { objects: objects.map((object) => withImages(object, tagged)), image: name };
}

/** The one that platform.yaml names, else the only one that ends in the service's name, else the only one at all. */
function versionImage(
  objects: readonly KubeObject[],
  service: string,
  wanted: string | undefined,
): string {
  const names = [...new Set(imagesOf(objects).map((image) => reference(image)?.name ?? image))];
  const there =
    names.length === 0
      ? "no image"
      : listed(
          names.map((name) => line(name, 80)),
          "and",
          5,
        );
  if (wanted !== undefined) {
    const found = names.find((name) => sameImage(name, wanted));
    return (
      found ??
      refuse(
        `services.${service}.image in platform.yaml is ${line(wanted, 80)}, which is not in the manifests of ${service}: there is ${there}.`,
      )
    );
  }
  const like = names.filter((name) => reference(name)?.path.split("/").at(-1) === service);
  const [only, ...more] = like.length > 0 ? like : names;
  if (only !== undefined && more.length === 0) return only;
  return refuse(
    `Which image of ${service} is its version cannot be told, since there is ${there}: set services.${service}.image in platform.yaml.`,
  );
}
