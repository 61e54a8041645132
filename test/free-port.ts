/** A port for a server that a test starts, stops and starts again. */

import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Nobody gets it meanwhile: it lies below those that systems hand out by themselves, to whoever listens anywhere and to
 * each connection that is opened (Linux from 32768, others from 49152).
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
