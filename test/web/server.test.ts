import { once } from "node:events";
import { createServer, request } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../../src/store/database.ts";
import { cards } from "../cards.ts";
import { empty, memoryDatabase } from "../databases.ts";
import { type World, world } from "./world.ts";

let database: Database;
let here: World;
beforeAll(async () => {
  database = await memoryDatabase();
  here = await world(database);
});
beforeEach(() => empty(database));
afterAll(async () => {
  await here.close();
  await database.close();
});

const said = { as: "ada", channel: "general", text: "deploy web 1.4.2 to production" };
/** A request with exactly these headers: fetch would not let a test write Host or Origin. */
async function send(
  path: string,
  headers: { readonly [name: string]: string },
  body?: string,
  to: World = here,
) {
  const method = body === undefined ? "GET" : "POST";
  const host = `127.0.0.1:${to.port}`;
  const sent = request({
    port: to.port,
    host: "127.0.0.1",
    path,
    method,
    headers: { host, ...headers },
  });
  sent.end(body);
  const [response] = await once(sent, "response");
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  const text = Buffer.concat(parts).toString();
  return { status: response.statusCode, text, headers: response.headers };
}
const json = { "content-type": "application/json" };
const say = (headers: { readonly [name: string]: string }, body: unknown = said) =>
  send("/api/v1/console/say", { ...json, ...headers }, JSON.stringify(body));

describe("a page from another origin", () => {
  // What Chromium sends along, by who posts.
  test.each([
    ["another site", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
    [
      "another port of this machine",
      { origin: "http://127.0.0.1:9", "sec-fetch-site": "same-site" },
    ],
    [
      "another name of this machine",
      { origin: "http://localhost:9", "sec-fetch-site": "cross-site" },
    ],
    ["a sandboxed frame", { origin: "null", "sec-fetch-site": "cross-site" }],
    ["an old browser that sends Origin alone", { origin: "https://evil.example" }],
    ["a request that hides its origin", { "sec-fetch-site": "cross-site" }],
  ])("may not post: %s", async (_, headers) => {
    const { status, text } = await say(headers);
    expect(status).toBe(403);
    expect(JSON.parse(text)).toEqual({ error: expect.stringMatching(/came from another page/) });
    expect(here.intents).toHaveLength(0);
  });
  test("may not listen either", async () => {
    const headers = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    expect((await send("/api/v1/console/events?as=ada", headers)).status).toBe(403);
  });
  test("may not send what a form could send without asking", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
      const body = JSON.stringify(said);
      expect((await send("/api/v1/console/say", { "content-type": type }, body)).status).toBe(415);
    }
    expect(here.intents).toHaveLength(0);
  });
  test("gets no permission to read", async () => {
    const answer = await send("/api/v1/runs", { origin: "https://evil.example" });
    expect(answer.headers).not.toHaveProperty("access-control-allow-origin");
    expect(answer.status).toBe(403);
  });
  test("is not the page itself: that may", async () => {
    const own = { origin: `http://127.0.0.1:${here.port}`, "sec-fetch-site": "same-origin" };
    expect((await say(own)).status).toBe(200);
    const named = {
      ...own,
      origin: `http://localhost:${here.port}`,
      host: `localhost:${here.port}`,
    };
    expect((await say(named)).status).toBe(200);
    expect((await say({})).status).toBe(200);
  });
});

test.each([
  "evil.example",
  "evil.example:3000",
  "127.0.0.1.evil.example",
  "127.0.0.1:1",
  "0.0.0.0",
])("a name that a stranger's DNS points at us is refused: %s", async (host) => {
  for (const path of ["/", "/assets/app.ts", "/api/v1/runs", "/api/v1/openapi.json"]) {
    const { status, text } = await send(path, { host });
    expect(status).toBe(403);
    expect(JSON.parse(text).error).toContain("answers to no other name");
  }
});

describe("a body", () => {
  test("of 256 kB and more is refused with a sentence", async () => {
    const { status, text } = await say({}, { ...said, text: "x".repeat(262_144) });
    expect(status).toBe(413);
    expect(JSON.parse(text).error).toContain("larger than 256 kB");
  });
  test("of 256 kB and more is refused too when it does not say how long it is", async () => {
    const chunks = { "transfer-encoding": "chunked" };
    const { status } = await say(chunks, { ...said, text: "x".repeat(300_000) }).catch(() => ({
      status: 413,
    }));
    expect(status).toBe(413);
  });
  test("of 100 kB arrives whole", async () => {
    const text = `status ${"x".repeat(100_000)}`;
    here.intents.length = 0;
    expect((await say({}, { ...said, text })).status).toBe(200);
    expect(here.intents.at(-1)?.said).toEqual({ text });
  });
  test.each([
    ["that is not JSON", "{"],
    ["that is no object", "[]"],
    ["without text", JSON.stringify({ ...said, text: " " })],
    ["with a field too many", JSON.stringify({ ...said, admin: true })],
    ["with a channel that is none", JSON.stringify({ ...said, channel: "../x" })],
    ["of somebody who is not here", JSON.stringify({ ...said, as: "eve" })],
    ["of a name that every object has", JSON.stringify({ ...said, as: "constructor" })],
  ])("%s is answered with one sentence", async (_, body) => {
    const { status, text } = await send("/api/v1/console/say", json, body);
    expect(status).toBe(400);
    expect(JSON.parse(text)).toEqual({ error: expect.stringMatching(/^\S.*\.$/) });
  });
});

describe("the page", () => {
  test("comes with a policy that lets no other script run", async () => {
    const { headers, text } = await send("/", {});
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    const inline = text.match(/<script(?![^>]*\bsrc=)[^>]*>/g);
    expect(inline).toEqual(['<script type="importmap">']);
    expect(text).not.toMatch(/\son\w+=|style=/);
  });
  test("is script that a browser can read, types taken out", async () => {
    const { headers, text } = await send("/assets/app.ts", {});
    expect(headers["content-type"]).toBe("text/javascript; charset=utf-8");
    expect(text).not.toContain("interface ");
    expect((await send("/assets/app.ts", { "if-none-match": String(headers.etag) })).status).toBe(
      304,
    );
  });
  test("has less than 300 kB of script without the card renderer", async () => {
    const seen = new Set<string>();
    const visit = async (path: string): Promise<number> => {
      if (seen.has(path)) return 0;
      seen.add(path);
      const { status, text } = await send(path, {});
      expect([path, status]).toEqual([path, 200]);
      const own = [...text.matchAll(/from\s*"\.\/([a-z-]+\.ts)"/g)].map(
        ([, file]) => `/assets/${file}`,
      );
      const sizes = await Promise.all(own.map(visit));
      return Buffer.byteLength(text) + sizes.reduce((sum, size) => sum + size, 0);
    };
    const { text } = await send("/", {});
    const named = [...text.matchAll(/"(\/assets\/lib\/(?!adaptive)[^"]+)"/g)].map(([, path]) =>
      String(path),
    );
    let total = await visit("/assets/main.ts");
    for (const path of new Set(named)) total += await visit(path);
    expect(seen.size).toBeGreaterThan(20);
    expect(total).toBeLessThan(300_000);
  });
  test.each([
    "/assets/../server.ts",
    "/assets/%2e%2e%2fserver.ts",
    "/assets/tsconfig.json",
    "/assets/nothing.ts",
    "/package.json",
    "/assets/lib/other.js",
  ])("serves nothing else: %s", async (path) => {
    expect((await send(path, {})).status).toBe(404);
  });
});

describe("outside of local mode", () => {
  test("page and API are closed, health and chat are not", async () => {
    const closed = await world(database, {
      mode: "fleet",
      mounts: { "POST /slack/events": (_request, response) => response.end("slack") },
    });
    const to = (path: string, headers = {}, body?: string) => send(path, headers, body, closed);
    for (const path of ["/", "/api/v1/runs", "/api/v1/console/people", "/assets/app.ts"]) {
      const { status, text } = await to(path);
      expect(status).toBe(401);
      expect(JSON.parse(text).error).toMatch(/no login yet/);
    }
    expect((await to("/healthz")).status).toBe(200);
    expect((await to("/readyz", { host: "shipmate.internal" })).status).toBe(200);
    expect((await to("/slack/events", { host: "shipmate.example" }, "{}")).text).toBe("slack");
    await closed.close();
  });
});

test("ready says so when the database does not answer", async () => {
  const broken: Database = { ...database, query: () => Promise.reject(new Error("gone")) };
  const alone = await world(broken);
  const { status, text } = await send("/readyz", {}, undefined, alone);
  expect(status).toBe(503);
  expect(JSON.parse(text)).toEqual({ error: "The database does not answer." });
  expect((await send("/healthz", {}, undefined, alone)).status).toBe(200);
  await alone.close();
});

test("what is measured, and whether it lives, is told without a login, and nothing else is", async () => {
  const metrics = async () => ({ type: "text/plain; version=0.0.4", text: "shipmate_up 1\n" });
  const closed = await world(database, { mode: "fleet", metrics });
  const told = await send("/metrics", {}, undefined, closed);
  expect([told.status, told.text]).toEqual([200, "shipmate_up 1\n"]);
  expect(told.headers["content-type"]).toBe("text/plain; version=0.0.4");
  expect((await send("/healthz", {}, undefined, closed)).status).toBe(200);
  expect((await send("/readyz", {}, undefined, closed)).status).toBe(200);
  expect((await send("/api/v1/audit", {}, undefined, closed)).status).toBe(401);
  await closed.close();
});

test("it is not ready while it ends, and still lives", async () => {
  let draining = false;
  const ending = await world(database, { draining: () => draining });
  expect((await send("/readyz", {}, undefined, ending)).status).toBe(200);
  draining = true;
  const { status, text } = await send("/readyz", {}, undefined, ending);
  expect(status).toBe(503);
  expect(JSON.parse(text)).toEqual({ error: "Shipmate is stopping." });
  expect((await send("/healthz", {}, undefined, ending)).status).toBe(200);
  await ending.close();
});

test("a port in use is one clear sentence", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const address = taken.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  await expect(world(database, { port })).rejects.toThrow(
    `Port ${port} is in use. Stop what uses it, or set PORT.`,
  );
  taken.close();
});

test("without a login it listens on this machine alone", async () => {
  await expect(world(database, { host: "0.0.0.0" })).rejects.toThrow(/set HOST to 127\.0\.0\.1/);
});

test("what breaks inside is told to the log, and to nobody else", async () => {
  const broken = await world(database, {
    audit: () => Promise.reject(new Error("secret path /etc/shadow")),
  });
  const { status, text } = await send("/api/v1/audit", {}, undefined, broken);
  expect(status).toBe(500);
  expect(text).not.toContain("shadow");
  expect(broken.reported).toHaveLength(1);
  await broken.close();
});

test("whatever leaves goes through the one masking sink", async () => {
  await here.put({ id: "m", card: { ...cards.stuck, says: "the token is hunter2-secret" } });
  const { text } = await send("/api/v1/console/channels/general/messages?as=ada", {});
  expect(text).toContain("the token is •••");
  expect(text).not.toContain("hunter2");
});

test("a method that a path does not know is named", async () => {
  const { status, headers, text } = await send("/api/v1/console/say", {});
  expect(status).toBe(405);
  expect(headers["allow"]).toBe("POST");
  expect(JSON.parse(text).error).toContain("POST");
});
