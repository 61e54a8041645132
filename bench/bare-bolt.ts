/**
 * What an app costs at least: Bolt as it comes, and one row committed before the acknowledgement.
 * A process of its own: node src/run.mjs bench/bare-bolt.ts <port>, with DATABASE_URL or SHIPMATE_HOME and
 * SLACK_SIGNING_SECRET as Shipmate has them.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import bolt from "@slack/bolt";
import type { Database } from "../src/store/database.ts";
import { openPglite } from "../src/store/pglite.ts";
import { openPostgres } from "../src/store/postgres.ts";

const [port = "0"] = process.argv.slice(2);
const {
  DATABASE_URL: url,
  SHIPMATE_HOME: home = ".",
  SLACK_SIGNING_SECRET: signingSecret = "",
} = process.env;
const database: Database =
  url === undefined ? await openPglite({ folder: join(home, "data") }) : await openPostgres(url);
await database.run(
  "CREATE TABLE IF NOT EXISTS bare_bolt (key text PRIMARY KEY, body jsonb NOT NULL)",
);

const receiver = new bolt.HTTPReceiver({
  signingSecret,
  endpoints: "/slack/events",
  logLevel: bolt.LogLevel.ERROR,
});
const app = new bolt.App({
  receiver,
  logLevel: bolt.LogLevel.ERROR,
  authorize: async () => ({ botToken: "xoxb-none", botId: "B0BENCH", botUserId: "U0BOT" }),
});
app.command("/shipmate", async ({ command, ack }) => {
  await database.run("INSERT INTO bare_bolt (key, body) VALUES ($1, $2)", [randomUUID(), command]);
  await ack();
});
await receiver.start({ port: Number(port), host: "127.0.0.1" });
process.send?.("ready");
process.on("SIGTERM", () => void stop());

async function stop(): Promise<void> {
  await receiver.stop();
  await database.close();
  process.exit(0);
}
