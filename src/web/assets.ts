/** The page's files, served without a bundler: types are stripped on the way, libraries come from node_modules. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire, stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Answered } from "./route.ts";

const page = join(import.meta.dirname, "page");
const require = createRequire(import.meta.url);

/** Library files by the address under which the import map names them. */
const libraries: { readonly [path: string]: () => string } = {
  "/assets/lib/preact.js": () => join(packageOf("preact"), "dist/preact.mjs"),
  "/assets/lib/preact-hooks.js": () => join(packageOf("preact"), "hooks/dist/hooks.mjs"),
  "/assets/lib/htm.js": () => join(packageOf("htm"), "dist/htm.module.js"),
  "/assets/lib/htm-preact.js": () => join(packageOf("htm"), "preact/index.module.js"),
  "/assets/lib/adaptivecards.js": () =>
    join(packageOf("adaptivecards"), "dist/adaptivecards.min.js"),
};
const types: { readonly [ending: string]: string } = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
  ts: "text/javascript; charset=utf-8",
};

interface Kept {
  readonly changed: number;
  readonly body: Buffer;
  readonly zipped: Buffer;
  readonly tag: string;
}

/** Serves `/` and `/assets/...`; each file is made ready once and again when it changes. */
export function assets() {
  const kept = new Map<string, Kept>();

  async function load(file: string, make: (text: string) => string): Promise<Kept> {
    const { mtimeMs: changed } = await stat(file);
    const before = kept.get(file);
    if (before?.changed === changed) return before;
    const body = Buffer.from(make(await readFile(file, "utf8")));
    const tag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    const now = { changed, body, zipped: gzipSync(body), tag };
    kept.set(file, now);
    return now;
  }

  return {
    /** Hashes of the page's inline scripts, for the security policy: its import map. */
    scripts: inlineScripts(),
    /** Answers with the file; a path that is none of ours is a 404. */
    async send(
      request: IncomingMessage,
      response: ServerResponse,
      path: string,
    ): Promise<undefined> {
      if (request.method !== "GET" && request.method !== "HEAD")
        throw new Answered(405, `${path} answers GET only.`);
      const { file, make } = locate(path);
      const { body, zipped, tag } = await load(file, make);
      response.setHeader("etag", tag);
      response.setHeader("cache-control", "no-cache");
      response.setHeader(
        "content-type",
        types[file.slice(file.lastIndexOf(".") + 1)] ?? types["js"] ?? "",
      );
      response.setHeader("vary", "accept-encoding");
      if (request.headers["if-none-match"] === tag) {
        response.writeHead(304).end();
        return;
      }
      const zip = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
      if (zip) response.setHeader("content-encoding", "gzip");
      response.end(request.method === "HEAD" ? undefined : zip ? zipped : body);
    },
  };
}

function locate(path: string): { file: string; make: (text: string) => string } {
  if (path === "/" || path === "/index.html")
    return { file: join(page, "index.html"), make: (text) => text };
  const library = libraries[path];
  if (library !== undefined)
    return { file: library(), make: path.endsWith("/adaptivecards.js") ? wrap : withoutMap };
  const own = /^\/assets\/([a-z0-9-]+\.(?:ts|css|svg))$/.exec(path)?.[1];
  if (own === undefined || !existsSync(join(page, own)))
    throw new Answered(404, `There is nothing at ${path}.`);
  const strip = (text: string) => stripTypeScriptTypes(text, { mode: "strip" });
  return { file: join(page, own), make: own.endsWith(".ts") ? strip : (text) => text };
}

/** The renderer is a CommonJS bundle: as a module it gives the names that the page uses. */
function wrap(text: string): string {
  const names = [
    "Action",
    "AdaptiveCard",
    "CardElement",
    "CardObjectRegistry",
    "GlobalRegistry",
    "HostConfig",
    "OpenUrlAction",
    "SerializationContext",
    "ShowCardAction",
    "TextBlock",
    "SubmitActionBase",
    "Versions",
  ];
  return `const module={exports:{}},exports=module.exports;\n${withoutMap(text)}\nexport const {${names.join(",")}}=module.exports;\n`;
}

/** Without the pointer to a source map that nobody serves. */
function withoutMap(text: string): string {
  return text.replace(/\/\/# sourceMappingURL=\S+\s*$/, "");
}

/** A package's folder, also where it does not export its package.json. */
function packageOf(name: string): string {
  const folders = require.resolve.paths(name)?.map((folder) => join(folder, name)) ?? [];
  const folder = folders.find((one) => existsSync(one));
  if (folder === undefined) throw new Error(`looking for the package ${name}: run "npm ci"`);
  return folder;
}

function inlineScripts(): readonly string[] {
  const html = readFileSync(join(page, "index.html"), "utf8");
  return [...html.matchAll(/<script type="importmap">([\s\S]*?)<\/script>/g)].map(
    ([, text = ""]) => `sha256-${createHash("sha256").update(text).digest("base64")}`,
  );
}
