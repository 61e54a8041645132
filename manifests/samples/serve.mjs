/**
 * What all sample services share: a small HTTP server that logs to standard output, answers
 * /healthz and /version, and stops on SIGTERM once the requests under way have their answers.
 */
import { createServer } from "node:http";

/**
 * Serves on HOST:PORT. `pages` gives the body of each path by name, `health` the status and text of /healthz.
 * INSTANCE, where set, is told in /version and in each answer's header, so that a supervisor knows whom it asked.
 */
export function serve({ name, version, pages, health = () => [200, "ok"] }) {
  const { PORT = "0", HOST = "127.0.0.1", INSTANCE = "" } = process.env;
  const json = () => JSON.stringify({ name, version, pid: process.pid, instance: INSTANCE });
  const routes = new Map([
    ...Object.entries(pages).map(([path, page]) => [path, () => [200, page(version), "text/html"]]),
    ["/healthz", () => [...health(), "text/plain"]],
    ["/version", () => [200, json(), "application/json"]],
  ]);
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://sample").pathname;
    const [status, body, type] = routes.get(path)?.() ?? [
      404,
      "There is no such page.",
      "text/plain",
    ];
    response.writeHead(status, { "content-type": `${type}; charset=utf-8`, instance: INSTANCE });
    response.end(body);
    if (path !== "/healthz") log(`${request.method} ${path} ${status}`);
  });
  server.on("error", (error) => {
    log(`cannot listen on ${HOST}:${PORT}: ${error.code}`);
    process.exit(1);
  });
  server.listen(Number(PORT), HOST, () =>
    log(`${name} ${version} listens on ${server.address().port}`),
  );
  process.once("SIGTERM", () => {
    log(`${name} ${version} stops`);
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}

/** One line with its time. */
export function log(text) {
  process.stdout.write(`${new Date().toISOString()} ${text}\n`);
}
