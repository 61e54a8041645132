/**
 * A registry of images for tests, written from the OCI distribution specification (v1.1): manifests by tag and by
 * digest, tags page by page, anonymous bearer tokens; on a free port of 127.0.0.1, gone when the test ends.
 * `const images = await registry(context, { "acme/web": ["1.4.1", "1.5.0"] })`, then `${images.host}/acme/web:1.5.0`.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

export interface TestRegistry {
  /** `127.0.0.1:34567`: the first part of an image's name. It speaks plain HTTP. */
  readonly host: string;
  /** What `registries` of platform.yaml says of it. */
  readonly registries: Readonly<Record<string, { readonly http: boolean }>>;
  /** `sha256:…` of a tag. Throws where there is no such tag. */
  digest(name: string, tag: string): string;
  /** Adds a tag, or moves it to other content. */
  push(name: string, tag: string): void;
  /** Takes a tag away. */
  drop(name: string, tag: string): void;
  /** `GET /v2/acme/web/tags/list?n=100`, in the order in which they came. */
  requests(): readonly string[];
  /** How many of them match. */
  count(what: RegExp): number;
  /** What goes wrong from now on; `{}` for nothing. */
  breaks(faults: Faults): void;
  /** Nobody listens any more, until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
}

export interface Faults {
  /** Answers wait so many milliseconds. */
  readonly slow?: number;
  /** Each question about images is answered with this status. */
  readonly status?: number;
  /** Where a redirect (with `status`) leads. */
  readonly location?: string;
  /** Images are shown only to those with a token, which anybody may fetch. */
  readonly tokens?: boolean;
  /** Nobody is given a token. */
  readonly closed?: boolean;
  /** Where tokens are said to be had, instead of here. */
  readonly realm?: string;
  /** What is said to be each manifest's digest; empty: nothing is said. */
  readonly digest?: string;
  /** Tags a page, whatever was asked for. */
  readonly page?: number;
}

/** Whoever can clear away: the context that Vitest gives a test. */
interface Clearing {
  onTestFinished(clear: () => Promise<void>): void;
}

const manifestType = "application/vnd.oci.image.manifest.v1+json";

/** Starts one with these tags by image. */
export async function registry(
  context: Clearing,
  images: Readonly<Record<string, readonly string[]>>,
): Promise<TestRegistry> {
  /** Manifests by tag, by image. */
  const shelf = new Map<string, Map<string, string>>();
  const asked: string[] = [];
  let faults: Faults = {};
  let pushes = 0;

  const push = (name: string, tag: string) => {
    const tags = shelf.get(name) ?? new Map<string, string>();
    shelf.set(name, tags.set(tag, manifest(name, tag, pushes++)));
  };
  for (const [name, tags] of Object.entries(images)) for (const tag of tags) push(name, tag);

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "/", `http://${host}`);
    asked.push(`${request.method} ${url.pathname}${url.search}`);
    if (faults.slow !== undefined) await pause(faults.slow);
    if (url.pathname === "/token") return token(response, url);
    if (faults.status !== undefined) {
      if (faults.location !== undefined) response.setHeader("location", faults.location);
      return fails(response, faults.status, "UNKNOWN");
    }
    if (url.pathname === "/v2/") return sends(response, 200, {});
    const [, name = "", what = "", rest = ""] =
      /^\/v2\/(.+)\/(manifests|tags)\/([^/]+)$/.exec(url.pathname) ?? [];
    if (faults.tokens && request.headers.authorization !== `Bearer ${tokenFor(name)}`) {
      const realm = faults.realm ?? `http://${host}/token`;
      response.setHeader(
        "www-authenticate",
        `Bearer realm="${realm}",service="${host}",scope="repository:${name}:pull"`,
      );
      return fails(response, 401, "UNAUTHORIZED");
    }
    const tags = shelf.get(name);
    if (!tags) return fails(response, 404, "NAME_UNKNOWN");
    if (what === "tags") return list(response, url, name, [...tags.keys()].sort());
    const found = tags.get(rest) ?? [...tags.values()].find((text) => digestOf(text) === rest);
    if (found === undefined) return fails(response, 404, "MANIFEST_UNKNOWN");
    if (faults.digest !== "")
      response.setHeader("docker-content-digest", faults.digest ?? digestOf(found));
    response.setHeader("content-type", manifestType);
    response.setHeader("content-length", Buffer.byteLength(found));
    response.end(request.method === "HEAD" ? undefined : found);
  };
  const token = (response: ServerResponse, url: URL) => {
    const [, name = ""] = /^repository:(.+):pull$/.exec(url.searchParams.get("scope") ?? "") ?? [];
    if (faults.closed) return fails(response, 401, "UNAUTHORIZED");
    return sends(response, 200, { token: tokenFor(name), expires_in: 300 });
  };
  const list = (response: ServerResponse, url: URL, name: string, tags: readonly string[]) => {
    const size = faults.page ?? Number(url.searchParams.get("n") ?? 100);
    const last = url.searchParams.get("last") ?? "";
    const left = tags.filter((tag) => tag > last);
    const page = left.slice(0, size);
    if (left.length > size) {
      const next = `/v2/${name}/tags/list?n=${size}&last=${encodeURIComponent(page.at(-1) ?? "")}`;
      response.setHeader("link", `<${next}>; rel="next"`);
    }
    return sends(response, 200, { name, tags: page });
  };

  const port = await listen(server, 0);
  const host = `127.0.0.1:${port}`;
  const down = () => stop(server);
  context.onTestFinished(down);
  return {
    host,
    registries: { [host]: { http: true } },
    digest(name, tag) {
      const text = shelf.get(name)?.get(tag);
      if (text === undefined) throw new Error(`the test's registry has no ${name}:${tag}`);
      return digestOf(text);
    },
    push,
    drop: (name, tag) => void shelf.get(name)?.delete(tag),
    requests: () => [...asked],
    count: (what) => asked.filter((one) => what.test(one)).length,
    breaks: (next) => {
      faults = next;
    },
    down,
    up: async () => void (await listen(server, port)),
  };
}

function manifest(name: string, tag: string, push: number): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    annotations: { name, tag, push: String(push) },
  });
}

const digestOf = (text: string): string =>
  `sha256:${createHash("sha256").update(text).digest("hex")}`;

const tokenFor = (name: string): string => Buffer.from(`may pull ${name}`).toString("base64url");

function fails(response: ServerResponse, status: number, code: string): void {
  sends(response, status, { errors: [{ code, message: code.toLowerCase() }] });
}

function sends(response: ServerResponse, status: number, body: object): void {
  response.statusCode = status;
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(body));
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : port);
    });
  });
}

/** Cuts what is under way. */
function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
