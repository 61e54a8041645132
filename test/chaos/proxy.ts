/** A line that can be cut: everything to one port goes through it. */
import { createConnection, createServer, type Socket } from "node:net";

/** `silent`: nothing arrives and nobody is told, as where packets are dropped. `reset`: every connection is torn off. */
export type Line = "through" | "silent" | "reset";

export interface Proxy {
  readonly port: number;
  become(line: Line): void;
  close(): Promise<void>;
}

/** From a free port of `host` to a port of this machine. */
export async function proxyTo(target: number, host = "127.0.0.1"): Promise<Proxy> {
  let line: Line = "through";
  const pairs = new Set<readonly [Socket, Socket]>();
  const waiting = new Set<Socket>();
  const connect = (near: Socket) => {
    waiting.delete(near);
    const far = createConnection({ port: target, host: "127.0.0.1", noDelay: true });
    const pair = [near, far] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on("data", (chunk) => {
        if (!to.destroyed) to.write(chunk);
      });
      from.on("end", () => to.end());
      from.on("error", () => to.destroy());
      from.on("close", () => {
        pairs.delete(pair);
        to.destroy();
      });
    }
  };
  const server = createServer({ noDelay: true }, (near) => {
    near.on("error", () => near.destroy());
    if (line === "reset") near.resetAndDestroy();
    else if (line === "silent") {
      waiting.add(near.pause());
      near.on("close", () => waiting.delete(near));
    } else connect(near);
  });
  const { promise, resolve } = Promise.withResolvers<number>();
  server.listen(0, host, () => {
    const address = server.address();
    resolve(typeof address === "object" && address ? address.port : 0);
  });
  return {
    port: await promise,
    become(next) {
      line = next;
      for (const pair of pairs) {
        for (const socket of pair) {
          if (next === "reset") socket.resetAndDestroy();
          else if (next === "silent") socket.pause();
          else socket.resume();
        }
      }
      if (next === "through") for (const near of waiting) connect(near);
      if (next === "reset") for (const near of waiting) near.resetAndDestroy();
    },
    async close() {
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      for (const near of waiting) near.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}
