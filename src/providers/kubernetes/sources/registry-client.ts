/** One conversation with a registry about one image: a token where it wants one, no way to other hosts. */
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { z } from "zod";
import type { Reference } from "./reference.ts";

export type Fetch = typeof globalThis.fetch;

/** It did not answer, or said nothing that helps. The message says so: `ghcr.io did not answer`. */
export class Silent extends Error {
  override readonly name = "Silent";
}

export interface Answer {
  /** 200 or 404. */
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** Undefined where the body is none. */
  json(): unknown;
  /** The next page's path, as it is asked for here. */
  readonly next: string | undefined;
}
/** `path` is what follows the image's name: `manifests/1.4.2`. Throws Silent. */
export type Ask = (method: "HEAD" | "GET", path: string, accept: string) => Promise<Answer>;

/** Bytes of an answer that are read. */
const most = 4_000_000;

export function client(
  image: Reference,
  how: { readonly http: boolean; readonly fetch: Fetch; readonly signal: AbortSignal },
): Ask {
  const { host } = image;
  // Docker Hub's registry has another name than its images (docs.docker.com/reference/api/registry).
  const base = `${how.http ? "http" : "https"}://${host === "docker.io" ? "registry-1.docker.io" : host}`;
  const call = async (method: string, url: URL, headers: Readonly<Record<string, string>>) => {
    try {
      return await how.fetch(url, { method, headers, redirect: "manual", signal: how.signal });
    } catch (cause) {
      throw new Silent(`${host} did not answer`, { cause });
    }
  };
  let token: string | undefined;

  return async (method, path, accept) => {
    let url = new URL(`${base}/v2/${image.path}/${path}`);
    for (let turn = 0; turn < 5; turn++) {
      const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const response = await call(method, url, { accept, ...authorization });
      if (response.status === 401 && token === undefined) {
        await response.body?.cancel();
        token = await anonymous(response.headers.get("www-authenticate") ?? "");
      } else if (response.status >= 300 && response.status < 400) {
        await response.body?.cancel();
        const to = URL.parse(response.headers.get("location") ?? "", url);
        if (to?.origin !== url.origin) throw new Silent(`${host} sends us elsewhere`);
        url = to;
      } else return answer(response);
    }
    throw new Silent(`${host} sends us in circles`);
  };

  /** A token that anybody gets (distribution specification, token authentication). */
  async function anonymous(challenge: string): Promise<string> {
    const closed = new Silent(`${host} shows ${image.path} only to those who sign in`);
    if (!/^bearer /i.test(challenge)) throw closed;
    const told = (name: string) => new RegExp(`[ ,]${name}="([^"]*)"`, "i").exec(challenge)?.[1];
    const url = URL.parse(told("realm") ?? "");
    if (!url || !(url.origin === base || (await isPublic(url))))
      throw new Silent(`${host} sends us elsewhere for a token`);
    const service = told("service");
    if (service !== undefined) url.searchParams.set("service", service);
    url.searchParams.set("scope", `repository:${image.path}:pull`);
    const response = await call("GET", url, { accept: "application/json" });
    const read = Token.safeParse(response.status === 200 ? json(await bytes(response)) : undefined);
    const found = read.data?.token ?? read.data?.access_token;
    if (found === undefined) throw closed;
    return found;
  }

  async function answer(response: Response): Promise<Answer> {
    const { status, headers } = response;
    if (status === 401 || status === 403)
      throw new Silent(`${host} shows ${image.path} only to those who sign in`);
    if (status !== 200 && status !== 404) throw new Silent(`${host} answered with ${status}`);
    const body = await bytes(response);
    const [, link] = /<([^>]*)>\s*;\s*rel="?next"?/i.exec(headers.get("link") ?? "") ?? [];
    const to = link === undefined ? null : URL.parse(link, `${base}/v2/${image.path}/tags/list`);
    const start = `/v2/${image.path}/`;
    const next =
      to?.origin === base && to.pathname.startsWith(start)
        ? `${to.pathname.slice(start.length)}${to.search}`
        : undefined;
    return { status, headers, body, json: () => json(body), next };
  }

  async function bytes(response: Response): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    try {
      for await (const chunk of response.body ?? []) {
        size += chunk.length;
        if (size > most) throw new Silent(`${host} answered with more than 4 MB`);
        chunks.push(chunk);
      }
    } catch (cause) {
      throw cause instanceof Silent ? cause : new Silent(`${host} did not answer`, { cause });
    }
    return Buffer.concat(chunks);
  }
}

/** A token goes into a header. */
const text = z
  .string()
  .regex(/^[\x21-\x7E]{1,20000}$/)
  .optional();
const Token = z.object({ token: text, access_token: text });

function json(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Whether the address is one of the open internet: nobody's own network may be asked by way of a registry. */
async function isPublic({ protocol, hostname, username }: URL): Promise<boolean> {
  if (protocol !== "https:" || username !== "" || isIP(hostname.replace(/^\[|\]$/g, "")))
    return false;
  const found = await lookup(hostname, { all: true }).catch(() => []);
  return found.length > 0 && found.every(({ address, family }) => !isOwn(address, family));
}

/** Networks that are not of the open internet (IANA's special-purpose address registries). */
function isOwn(address: string, family: number): boolean {
  const list = new BlockList();
  for (const [net, prefix] of [
    ["0.0.0.0", 8],
    ["10.0.0.0", 8],
    ["100.64.0.0", 10],
    ["127.0.0.0", 8],
    ["169.254.0.0", 16],
    ["172.16.0.0", 12],
    ["192.0.0.0", 24],
    ["192.168.0.0", 16],
    ["198.18.0.0", 15],
    ["224.0.0.0", 3],
  ] as const)
    list.addSubnet(net, prefix, "ipv4");
  for (const [net, prefix] of [
    ["::", 128],
    ["::1", 128],
    ["64:ff9b::", 96],
    ["fc00::", 7],
    ["fe80::", 10],
    ["ff00::", 8],
  ] as const)
    list.addSubnet(net, prefix, "ipv6");
  return list.check(address, family === 6 ? "ipv6" : "ipv4");
}
