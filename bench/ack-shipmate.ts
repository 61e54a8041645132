/**
 * A whole Shipmate in Slack whose one service writes a log of 100 MB: a process of its own, as src/main.ts is.
 * node src/run.mjs bench/ack-shipmate.ts, with Shipmate's own settings.
 */
import { createReadStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startShipmate } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { world } from "./world.ts";

const config = readConfig();
const megabytes = Number(process.argv[2] ?? "100");
const manifests = join(config.home, "manifests");
await mkdir(manifests, { recursive: true });
await writeFile(
  join(manifests, "platform.yaml"),
  // One account says here what hundreds of people would.
  `limits: { said: 100000 }
people: { ada: { name: Ada, accounts: { slack: U0BENCH } } }
teams: { payments: { members: [ada] } }
services: { web: { owner: payments } }
environments: { staging: { cluster: local, change: everyone } }
clusters: { local: { provider: local } }
`,
);
const log = join(config.home, "web.log");
const line = `${"GET /cart 200 12ms user=4711 ".repeat(7)}\n`;
await writeFile(log, line.repeat(Math.ceil((megabytes * 2 ** 20) / line.length)));
const { provider } = world("good");
/** How much of it came out so far, in bytes; told in megabytes to whoever asks. */
let read = 0;
const shipmate = await startShipmate(
  { ...config, manifests },
  {
    world: () => ({
      ...provider,
      logs: async function* () {
        const lines = createInterface({ input: createReadStream(log) });
        for await (const text of lines) {
          read += text.length + 1;
          yield { text, from: "web", at: Date.now() };
        }
      },
    }),
  },
);
process.on("message", () => process.send?.(read / 2 ** 20));
process.send?.("ready");
process.on("SIGTERM", () => void shipmate.close().finally(() => process.exit(0)));
