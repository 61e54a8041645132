/**
 * 200 deploys under way, whose rollouts are looked at every 2 s: the weather in which the others are measured.
 * A process of its own: node src/run.mjs bench/weather.ts, with DATABASE_URL or SHIPMATE_HOME.
 */
import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { createEngine } from "../src/engine/engine.ts";
import { serve } from "../src/engine/operations.ts";
import { clusters } from "../src/roles/clusters.ts";
import { type Database, first } from "../src/store/database.ts";
import { migrate } from "../src/store/migrate.ts";
import { openPglite } from "../src/store/pglite.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { deploy, world } from "./world.ts";

const runs = 200;
const { DATABASE_URL: url, SHIPMATE_HOME: home = "." } = process.env;
await mkdir(home, { recursive: true });
const database: Database =
  url === undefined ? await openPglite({ folder: join(home, "data") }) : await openPostgres(url);
await migrate(database);
const engine = createEngine({
  database,
  served: [serve(clusters, "bench", world("going").provider)],
  workflows: [deploy],
  policy: () => ({ policy: "bench", needs: [], rule: "nobody has to approve", expires: 3_600_000 }),
  id: randomUUID,
});
const ids: string[] = [];
for (let at = 0; at < runs; at++) {
  const input = { service: `service-${at}`, version: "1.0.0", environment: "staging" };
  const by = { id: "ada", name: "Ada" };
  ids.push(
    await database.transaction((sql) => engine.start(sql, { workflow: "deploy", input, by })),
  );
}
engine.ring(ids);
engine.work();
while ((await waiting()) < runs) await sleep(100);
process.send?.("ready");
process.on("SIGTERM", () => void stop());

async function waiting(): Promise<number> {
  const sql = "SELECT count(*)::int AS n FROM shipmate.runs WHERE state = 'running'";
  return (await first(database, z.object({ n: z.number() }), sql))?.n ?? 0;
}

async function stop(): Promise<void> {
  await engine.close();
  await database.close();
  process.exit(0);
}
