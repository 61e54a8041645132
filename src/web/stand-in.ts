/** Stands in for the web server while the start waits for something: alive, not ready, and says what it waits for. */
import { createServer } from "node:http";
import { listen } from "./server.ts";

export interface StandInParts {
  readonly host: string;
  readonly port: number;
  /** One sentence for people. */
  readonly says: () => string;
}

/** Listens until it is closed: `/healthz` is 200 and everything else 503, so that whoever sends comes again. */
export async function standIn({
  host,
  port,
  says,
}: StandInParts): Promise<{ close(): Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume();
    const lives = request.url === "/healthz";
    response.statusCode = lives ? 200 : 503;
    response.setHeader("content-type", "application/json; charset=utf-8");
    response.setHeader("cache-control", "no-store");
    response.setHeader("connection", "close");
    if (!lives) response.setHeader("retry-after", "5");
    response.end(JSON.stringify(lives ? { alive: true } : { error: says() }));
  });
  await listen(server, host, port);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
