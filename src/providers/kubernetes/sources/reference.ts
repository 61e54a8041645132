/** An image's name taken apart: `ghcr.io/acme/web:1.4.2@sha256:…`. */

export interface Reference {
  /** As it is written, without tag and digest: `ghcr.io/acme/web`. */
  readonly name: string;
  readonly tag?: string;
  readonly digest?: string;
  /** The registry; `docker.io` where none is named. */
  readonly host: string;
  /** The name there: `acme/web`, `library/nginx`. */
  readonly path: string;
}

/** A digest's shape, in the one algorithm that registries use (OCI image specification, descriptors). */
export const digestLike: RegExp = /^sha256:[0-9a-f]{64}$/;
const tagLike = /^\w[\w.-]{0,127}$/;
const hostLike = /^[a-zA-Z0-9.-]+(:\d{1,5})?$/;
const pathLike = /^[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/;

/** Undefined where it is none. */
export function reference(image: string): Reference | undefined {
  if (image.length > 512) return undefined;
  const [bare = "", digest, ...more] = image.split("@");
  const colon = bare.lastIndexOf(":");
  const tagged = colon > bare.lastIndexOf("/");
  const name = tagged ? bare.slice(0, colon) : bare;
  const tag = tagged ? bare.slice(colon + 1) : undefined;
  const { host, path } = placeOf(name);
  const good =
    more.length === 0 &&
    hostLike.test(host) &&
    pathLike.test(path) &&
    (tag === undefined || tagLike.test(tag)) &&
    (digest === undefined || digestLike.test(digest));
  if (!good) return undefined;
  return {
    name,
    host,
    path,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
  };
}

/** Whether both name the same image, whatever their tags: `web` is `docker.io/library/web`. */
export function sameImage(a: string, b: string): boolean {
  const [one, other] = [reference(a), reference(b)];
  return one !== undefined && one.host === other?.host && one.path === other.path;
}

/** The first part is a host where it has a dot or a port; else the image is Docker Hub's. */
function placeOf(name: string): Pick<Reference, "host" | "path"> {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const named = /[.:]/.test(first) || first === "localhost";
  const path = named ? name.slice(slash + 1) : name;
  const hub = !named || first === "index.docker.io" || first === "registry-1.docker.io";
  const host = hub ? "docker.io" : first;
  return { host, path: host === "docker.io" && !path.includes("/") ? `library/${path}` : path };
}
