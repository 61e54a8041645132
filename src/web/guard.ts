/**
 * Who may talk with the console: pages of its own, on this machine. A name that a stranger's DNS points at us
 * is refused by the Host header, a stranger's page by Origin and Sec-Fetch-Site, a frame and a script by the
 * content security policy. Programs without a browser send none of these headers and are let through.
 */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { Answered } from "./route.ts";

/** The largest body taken, in bytes. */
export const largest = 256 * 1024;

/** Names of this machine that the Host header may carry. */
const loopback = ["127.0.0.1", "localhost", "[::1]"];

/** Whether a server that listens on `host` can be reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === "::1" || host === "localhost" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Throws where the request was not meant for us by the name in its Host header. */
export function checkHost(headers: IncomingHttpHeaders, port: number): void {
  const host = headers.host?.toLowerCase() ?? "";
  const known = loopback.flatMap((name) =>
    port === 80 ? [name, `${name}:80`] : [`${name}:${port}`],
  );
  if (!known.includes(host))
    throw new Answered(
      403,
      `Open Shipmate at http://127.0.0.1:${port}; it answers to no other name.`,
    );
}

/** Throws where a page of another origin sent the request. */
export function checkOrigin(headers: IncomingHttpHeaders): void {
  const site = headers["sec-fetch-site"];
  const origin = headers.origin;
  const ours = origin === undefined || origin === `http://${headers.host?.toLowerCase()}`;
  const same = site === undefined || site === "same-origin" || site === "none";
  if (!ours || !same)
    throw new Answered(
      403,
      "This request came from another page. Only Shipmate's own page may send it.",
    );
}

/** The body of a POST as JSON. Any other content type is refused: a plain HTML form can't send JSON. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json")
    throw new Answered(415, "Send JSON, with the header content-type: application/json.");
  const tooLarge = new Answered(413, "The request is larger than 256 kB. Send less at once.");
  if (Number(request.headers["content-length"] ?? 0) > largest) throw tooLarge;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    if (!Buffer.isBuffer(part)) continue;
    size += part.length;
    if (size > largest) throw tooLarge;
    parts.push(part);
  }
  const body = parsed(Buffer.concat(parts).toString("utf8"));
  if (isDeeper(body, deepest))
    throw new Answered(400, `The body is nested deeper than ${deepest} levels. Send it flatter.`);
  return body;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Answered(400, "The body is not JSON.");
  }
}

/** The deepest nesting taken: what reads a body later calls itself once a level. */
const deepest = 64;

/** Level by level, so that no depth exhausts the stack here. */
function isDeeper(value: unknown, levels: number): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > levels) return true;
    level = level.flatMap((one) =>
      typeof one === "object" && one !== null ? Object.values(one) : [],
    );
  }
  return false;
}

/** The card renderer's own, by the names under which it asks for them; nothing else may make HTML of text. */
const policies = [
  "adaptivecards#markdownPassthroughPolicy",
  "adaptivecards#restoreContentsPolicy",
  "adaptivecards#deprecatedExportedFunctionPolicy",
  "html",
];

/** Headers for everything that is served. `scripts` are the hashes of inline scripts: the import map alone. */
export function safeHeaders(scripts: readonly string[]): { readonly [name: string]: string } {
  const script = ["'self'", ...scripts.map((hash) => `'${hash}'`)].join(" ");
  return {
    "content-security-policy": [
      "default-src 'none'",
      `script-src ${script}`,
      "style-src 'self'",
      "connect-src 'self'",
      "img-src 'self' data:",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      `trusted-types ${policies.join(" ")}`,
    ].join("; "),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
  };
}
