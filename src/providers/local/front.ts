/**
 * The port that people use: it stays while processes come and go behind it. Each request goes to the
 * process that serves at that moment, over a connection of its own, so a switch loses none: requests
 * under way end where they began.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { listens, portsFor } from "./ports.ts";

export interface Front {
  readonly port: number;
  /** Where requests go from now on. Null: they are answered 503. */
  to(port: number | null): void;
  /** How many requests are under way to a port. */
  busy(port: number): number;
  close(): Promise<void>;
}

/** Opens it on `wanted`, or on a free port (which `seed` decides) where there is no `wanted` or somebody else has it. */
export async function openFront(seed: string, name: string, wanted: number | null): Promise<Front> {
  let target: number | null = null;
  const under = new Map<number, number>();
  const count = (port: number, by: number) => {
    const now = (under.get(port) ?? 0) + by;
    if (now > 0) under.set(port, now);
    else under.delete(port);
  };
  const server = createServer((incoming, answer) => {
    const port = target;
    if (port === null) return unavailable(answer, name);
    count(port, 1);
    answer.once("close", () => count(port, -1));
    pass(incoming, answer, port, name);
  });
  const port = await open(server, seed, wanted);
  return {
    port,
    to(next) {
      target = next;
    },
    busy: (at) => under.get(at) ?? 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function open(
  server: ReturnType<typeof createServer>,
  seed: string,
  wanted: number | null,
): Promise<number> {
  if (wanted !== null && (await listens(server, wanted))) return wanted;
  for (const port of portsFor(`front of ${seed}`)) if (await listens(server, port)) return port;
  throw new Error(`finding a free port for ${seed}`);
}

function pass(incoming: IncomingMessage, answer: ServerResponse, port: number, name: string): void {
  const { method = "GET", url = "/" } = incoming;
  const headers = forwarded(incoming.rawHeaders);
  const out = request({ host: "127.0.0.1", port, method, path: url, headers, agent: false });
  out.on("response", (back) => {
    answer.writeHead(back.statusCode ?? 502, back.statusMessage, forwarded(back.rawHeaders));
    back.on("error", () => answer.destroy());
    back.pipe(answer);
  });
  out.on("error", () => {
    if (answer.headersSent) answer.destroy();
    else unavailable(answer, name);
  });
  answer.once("close", () => out.destroy());
  incoming.on("error", () => out.destroy());
  incoming.pipe(out);
}

/** All but what concerns one connection only (RFC 9110, 7.6.1), and `expect`, which is answered already. */
function forwarded(raw: readonly string[]): string[] {
  return raw.flatMap((name, i) =>
    i % 2 === 0 && !hop.has(name.toLowerCase()) ? [name, raw[i + 1] ?? ""] : [],
  );
}

const hop: ReadonlySet<string> = new Set([
  "connection",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

function unavailable(answer: ServerResponse, name: string): void {
  answer.writeHead(503, { "content-type": "text/plain; charset=utf-8", "retry-after": "1" });
  answer.end(`${name} does not run at the moment.\n`);
}
