/** Names of container images: `registry:port/path:tag@digest`. */

/** The image with this version as its tag, whatever tag or digest it had. */
export const withTag = (image: string, version: string): string =>
  `${withoutTag(image)}:${version}`;

/** The image without tag and digest. A port of the registry stays. */
export function withoutTag(image: string): string {
  const name = image.split("@", 1)[0] ?? image;
  const colon = name.indexOf(":", name.lastIndexOf("/") + 1);
  return colon < 0 ? name : name.slice(0, colon);
}
