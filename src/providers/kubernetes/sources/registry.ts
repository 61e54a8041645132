/** Asks registries of images for digests and tags (OCI distribution specification 1.1): only those that platform.yaml names. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { own } from "../../../platform/own.ts";
import type { Platform } from "../../../platform/schema.ts";
import { digestLike, type Reference } from "./reference.ts";
import { type Answer, client, type Fetch, Silent } from "./registry-client.ts";

export interface Registries {
  /** What the tag is: a digest, nothing, or why that is not known. */
  digest(
    image: Reference,
    signal: AbortSignal,
  ): Promise<{ readonly digest: string } | { readonly missing: true } | { readonly why: string }>;
  /** Every tag that it has, in no order; undefined where it does not tell. */
  tags(image: Reference, signal: AbortSignal): Promise<readonly string[] | undefined>;
}

/** Milliseconds: how long an answer is remembered, and how long one question may take. */
const kept = 30_000;
const patience = 3_000;
/** Pages of a thousand tags. */
const pages = 10;

const manifests = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");
const Tags = z.object({ tags: z.array(z.string().max(128)).nullable() });

export function registries({
  platform,
  fetch,
  now = Date.now,
}: {
  readonly platform: () => Platform;
  readonly fetch: Fetch;
  readonly now?: () => number;
}): Registries {
  const digests = lately<string>(now);
  const lists = lately<readonly string[]>(now);
  /** Undefined for a registry that is not to be asked. */
  const open = (image: Reference, signal: AbortSignal) => {
    const entry = own(platform().registries, image.host);
    const timed = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
    return entry && client(image, { http: entry.http, fetch, signal: timed });
  };
  return {
    async digest(image, signal) {
      const key = `${image.host}/${image.path}:${image.tag ?? "latest"}`;
      const known = digests.get(key);
      if (known !== undefined) return { digest: known };
      const ask = open(image, signal);
      if (!ask) return { why: `${image.host} was not asked: it is not in platform.yaml` };
      const found = await unlessSilent(signal, async () => {
        const path = `manifests/${image.tag ?? "latest"}`;
        const head = await ask("HEAD", path, manifests);
        if (head.status === 404) return { missing: true } as const;
        const digest = digestOf(head) ?? digestOf(await ask("GET", path, manifests));
        return digest === undefined ? { why: `${image.host} told no digest` } : { digest };
      });
      if ("digest" in found) digests.set(key, found.digest);
      return "silent" in found ? { why: found.silent } : found;
    },
    async tags(image, signal) {
      const key = `${image.host}/${image.path}`;
      const known = lists.get(key);
      if (known) return known;
      const ask = open(image, signal);
      if (!ask) return undefined;
      const found = await unlessSilent(signal, async () => {
        const tags: string[] = [];
        let path: string | undefined = "tags/list?n=1000";
        for (let page = 0; path !== undefined && page < pages; page++) {
          const answer: Answer = await ask("GET", path, "application/json");
          if (answer.status === 404) break;
          const read = Tags.safeParse(answer.json());
          if (answer.status !== 200 || !read.success) return { silent: "it told no tags" };
          tags.push(...(read.data.tags ?? []));
          path = answer.next;
        }
        return { tags };
      });
      if ("silent" in found) return undefined;
      lists.set(key, found.tags);
      return found.tags;
    },
  };
}

/** A registry that can't be asked is no fault of ours: the release goes on without it. */
async function unlessSilent<T>(
  signal: AbortSignal,
  ask: () => Promise<T>,
): Promise<T | { readonly silent: string }> {
  try {
    return await ask();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Silent) return { silent: error.message };
    throw error;
  }
}

function digestOf({ status, headers, body }: Answer): string | undefined {
  if (status !== 200) return undefined;
  const told = headers.get("docker-content-digest") ?? "";
  if (body.length === 0) return digestLike.test(told) ? told : undefined;
  return `sha256:${createHash("sha256").update(body).digest("hex")}`;
}

/** What was learnt lately, by name; at most a thousand things. */
function lately<T>(now: () => number) {
  const all = new Map<string, { readonly value: T; readonly until: number }>();
  return {
    get(key: string): T | undefined {
      const found = all.get(key);
      return found && found.until > now() ? found.value : undefined;
    },
    set(key: string, value: T): void {
      all.delete(key);
      all.set(key, { value, until: now() + kept });
      const [oldest] = all.keys();
      if (all.size > 1_000 && oldest !== undefined) all.delete(oldest);
    },
  };
}
