/**
 * One Shipmate as a process: the product's own app on the settings of the environment, with the outside for its
 * services and its chat, and moments at which it dies or sleeps. `node test/chaos/replica.ts '{"outside":...}'`
 */
import { randomUUID } from "node:crypto";
import { writeSync } from "node:fs";
import { createServer } from "node:http";
import { z } from "zod";
import { startShipmate } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import type { Door, Intent } from "../../src/core/surface.ts";
import type { Meter } from "../../src/observe/meter.ts";
import { outsideAt, remoteChat, remoteClusters } from "./faces.ts";
import { Moment, meeting } from "./points.ts";

export const Orders = z.object({ outside: z.string(), moments: z.array(Moment) });
const Said = z.object({
  key: z.string(),
  who: z.string(),
  channel: z.string(),
  said: z.union([
    z.object({ text: z.string() }),
    z.object({ button: z.string(), message: z.string() }),
  ]),
});
export type Said = z.output<typeof Said>;

const { outside: url, moments } = Orders.parse(JSON.parse(process.argv[2] ?? ""));
const outside = outsideAt(url);
const driving = drives();
const meets = meeting(moments, driving.count);
const meter: Meter = (happened) => {
  driving.hear(happened);
  meets(happened);
};
const provider = remoteClusters(outside);
const chat = remoteChat(outside);
const ears = Promise.withResolvers<string>();

/** Commands and workflows of another version. */
const root = process.env["SHIPMATE_TEST_ROOT"];
const shipmate = await startShipmate(readConfig(), {
  ...(root && { root }),
  ...{ meter, world: () => provider },
  chat: async (door) => {
    ears.resolve(await listen(door));
    return chat;
  },
});
process.on("SIGTERM", () => {
  shipmate.close().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
const about = { url: shipmate.url, ears: await ears.promise, now: Date.now() };
process.stdout.write(`ready ${JSON.stringify(about)}\n`);

/** Tells of each claim and of each that was lost, and how many runs are driven right now. */
function drives(): { readonly hear: Meter; count(): number } {
  let count = 0;
  return {
    count: () => count,
    hear(happened) {
      const point = happened.is === "passed" ? happened.point : happened.is;
      if (point === "claimed") {
        count += 1;
        writeSync(1, "claimed\n");
      }
      if (point === "after rest" || point === "ended" || point === "lease lost") count -= 1;
      if (point === "lease lost") writeSync(1, "lost a claim\n");
    },
  };
}

/**
 * The chat's way in: a webhook that is answered as soon as what was said is stored. Its address is a secret, so that
 * what a chat says to a process that is gone, or in a namespace of its own, reaches no other one on the same port.
 */
async function listen(door: Door): Promise<string> {
  const path = `/${randomUUID()}`;
  const server = createServer(async (request, response) => {
    try {
      if (request.url !== path) throw new Error("this is said to somebody else");
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const { key, who, channel, said } = Said.parse(JSON.parse(Buffer.concat(chunks).toString()));
      const surface = "chat";
      const intent: Intent = { key, who: { surface, id: who }, at: { surface, channel }, said };
      await door.store(intent);
      response.end();
      await door.enter(key, surface);
    } catch {
      // Not acknowledged: the chat delivers it again. What was, is taken up from the inbox.
      response.destroy();
    }
  });
  const { promise, resolve } = Promise.withResolvers<string>();
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    if (typeof address === "object" && address) resolve(`http://127.0.0.1:${address.port}${path}`);
  });
  return promise;
}
