/** The web server: the console's page, its API, health, and listeners that others mount. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { Refusal } from "../core/refusal.ts";
import { answers } from "../store/views.ts";
import { type Parts, routes } from "./api.ts";
import { assets } from "./assets.ts";
import { checkHost, checkOrigin, isLoopback, readJson, safeHeaders } from "./guard.ts";
import { openapi } from "./openapi.ts";
import { Answered, find, type Route } from "./route.ts";

export interface ServeParts extends Parts {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** In local mode there is no login and one may act as anybody; elsewhere the console is closed until there is one. */
  readonly mode: "local" | "one machine" | "fleet";
  /** Others' listeners by method and path, `POST /slack/events`. They check who calls them by themselves. */
  readonly mounts?: { readonly [route: string]: RequestListener };
  /** What is measured, as text for Prometheus: for everybody who asks. Absent: nothing is. */
  readonly metrics?: () => Promise<{ readonly type: string; readonly text: string }>;
  /** Whether it is about to end: nobody should send anything more. */
  readonly draining?: () => boolean;
  /** Told what nobody expected, with what was being done. */
  readonly report: (error: unknown, doing: string) => void;
}
export interface Served {
  /** The port that was taken. */
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** Listens. Throws a sentence for people where the port is in use or the host would open the console to others. */
export async function serve(parts: ServeParts): Promise<Served> {
  if (parts.mode === "local" && !isLoopback(parts.host))
    throw new Refusal(
      `Without a login the console listens on this machine alone: set HOST to 127.0.0.1 instead of ${parts.host}.`,
    );
  const page = assets();
  const api = routes(parts);
  const headers = safeHeaders(page.scripts);
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 5_000,
      maxHeaderSize: 16_384,
    },
    (request, response) => void handle(request, response),
  );
  server.maxHeadersCount = 100;
  await listen(server, parts.host, parts.port);
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : parts.port;
  const name = parts.host.includes(":") ? `[${parts.host}]` : parts.host;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request);
    const doing = `${request.method} ${path}`;
    try {
      const mounted = parts.mounts?.[doing];
      if (mounted !== undefined) return mounted(request, response);
      for (const [key, value] of Object.entries(headers)) response.setHeader(key, value);
      const answer = await decide(request, response, path);
      if (answer !== undefined) send(response, 200, answer);
    } catch (error) {
      if (!(error instanceof Answered)) parts.report(error, doing);
      const [status, sentence] =
        error instanceof Answered
          ? [error.status, error.message]
          : [500, "Something broke in Shipmate while it answered this. Its log says what."];
      // What was not read must not be taken for the next request on this connection.
      if (!request.complete) response.setHeader("connection", "close");
      if (response.headersSent) response.destroy();
      else send(response, status, { error: sentence });
    }
  }

  async function decide(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
  ): Promise<unknown> {
    if (path === "/healthz") return { alive: true };
    if (path === "/readyz") return ready();
    if (path === "/metrics" && parts.metrics) return tell(response, await parts.metrics());
    if (parts.mode !== "local")
      throw new Answered(
        401,
        "The console has no login yet, so it is closed here. Use chat instead.",
      );
    checkHost(request.headers, port);
    if (path === "/api/v1/openapi.json") return openapi(api);
    if (!path.startsWith("/api/")) return page.send(request, response, path);
    checkOrigin(request.headers);
    return call(api, request, response, path);
  }

  /** As it is: numbers hold no secret. */
  function tell(response: ServerResponse, told: { readonly type: string; readonly text: string }) {
    response.setHeader("content-type", told.type);
    response.setHeader("cache-control", "no-store");
    response.end(told.text);
  }

  async function ready(): Promise<unknown> {
    if (parts.draining?.()) throw new Answered(503, "Shipmate is stopping.");
    const answered = await answers(parts.database).catch(() => false);
    if (!answered) throw new Answered(503, "The database does not answer.");
    if (parts.database.full?.()) throw new Answered(503, "The database's disk is full: make room.");
    return { ready: true };
  }

  function send(response: ServerResponse, status: number, body: unknown): void {
    response.statusCode = status;
    response.setHeader("content-type", "application/json; charset=utf-8");
    response.setHeader("cache-control", "no-store");
    response.end(JSON.stringify(parts.mask(body)));
  }

  return {
    port,
    url: `http://${name}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function call(
  api: readonly Route[],
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<unknown> {
  const found = find(api, request.method ?? "GET", path);
  if ("allow" in found) {
    if (found.allow.length === 0) throw new Answered(404, `There is nothing at ${path}.`);
    response.setHeader("allow", found.allow.join(", "));
    throw new Answered(405, `${path} answers ${found.allow.join(" and ")} only.`);
  }
  const query = new URL(request.url ?? "/", "http://localhost").searchParams;
  const params = { ...Object.fromEntries(query), ...found.named };
  const body = found.route.method === "POST" ? await readJson(request) : undefined;
  return found.route.handle({ params, body, request, response });
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split(/[?#]/)[0] ?? "/";
}

/** Resolves when it listens; a port that is taken becomes a sentence. */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(explain(error, host, port)));
    server.listen(port, host, resolve);
  });
}

/** Throws a sentence for people where one can't listen there: asked before anything that takes time. */
export async function checkPort(host: string, port: number): Promise<void> {
  const server = createServer();
  await listen(server, host, port);
  await new Promise((resolve) => server.close(resolve));
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const because = { cause: error };
  switch (error.code) {
    case "EADDRINUSE":
      return new Refusal(`Port ${port} is in use. Stop what uses it, or set PORT.`, because);
    case "EACCES":
      return new Refusal(
        `Port ${port} needs more rights than Shipmate has. Set PORT to 1024 or more.`,
        because,
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new Refusal(`This machine has no address ${host}. Set HOST to 127.0.0.1.`, because);
    default:
      return new Error(`listening on ${host}:${port}`, because);
  }
}
