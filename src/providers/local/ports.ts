/** Ports on 127.0.0.1 for services and their fronts. */
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:net";

/** Below what systems give to outgoing connections (Linux from 32768), so that a port stays free over a restart. */
const lowest = 20_000;
const count = 12_000;

/** Ports to try, starting at one that the name decides: the same name tends to get the same port. */
export function* portsFor(name: string): Generator<number> {
  const start = createHash("sha256").update(name).digest().readUInt32BE() % count;
  for (let i = 0; i < count; i++) yield lowest + ((start + i) % count);
}

/** The first port on which nothing listens now. */
export async function freePort(name: string): Promise<number> {
  for (const port of portsFor(name)) {
    const server = createServer();
    if (!(await listens(server, port))) continue;
    await new Promise<void>((resolve) => server.close(() => resolve()));
    return port;
  }
  throw new Error(`finding a free port for ${name}`);
}

/** False where somebody else listens there. */
export function listens(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      server.removeListener("listening", good);
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(false);
      else reject(new Error(`listening on port ${port}`, { cause: error }));
    };
    const good = () => {
      server.removeListener("error", failed);
      resolve(true);
    };
    server.once("error", failed);
    server.once("listening", good);
    server.listen(port, "127.0.0.1");
  });
}
