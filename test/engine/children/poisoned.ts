/**
 * A Shipmate's engine as a process of its own, on the PGlite of a folder: `poisoned.ts <folder> <how>`. One run of it is
 * poison, which ends the process or never comes back; the others are as good as any. Says in one line of JSON how they
 * stand once nothing is due any more.
 */
import { defineWorkflow } from "shipmate";
import { z } from "zod";
import { createEngine } from "../../../src/engine/engine.ts";
import { serve } from "../../../src/engine/operations.ts";
import { voidClaims } from "../../../src/store/claims.ts";
import { migrate } from "../../../src/store/migrate.ts";
import { openPglite } from "../../../src/store/pglite.ts";
import { Waits } from "../../../src/store/runs.ts";
import { watchThisProcess } from "../../../src/watchdog.ts";
import { ada } from "../people.ts";
import { house } from "../rig.ts";
import { fakes } from "../world/fakes.ts";
import { runs } from "../world/providers/running.ts";
import { clusters } from "../world/roles.ts";
import { emptyWorld } from "../world/world.ts";

const [folder = "", how = ""] = process.argv.slice(2);
const at = { service: "web", environment: "staging" };
const world = emptyWorld(() => Date.now());

/** Looks once, which is what the others get on by, and then does what `how` says. */
const poison = defineWorkflow({
  name: "poison",
  input: z.object({}),
  title: () => "Poison",
  async run(step) {
    await step.look("first", clusters.running(at));
    if (how === "loops") for (;;);
    await step.look("last", clusters.running({ ...at, service: "poison" }));
  },
});
const good = defineWorkflow({
  name: "good",
  input: z.object({}),
  title: () => "Good",
  async run(step) {
    await step.look("slowly", clusters.running(at));
  },
});
const faces = runs(world);
const running: typeof faces.running = async (input, signal) => {
  if (input.service === "poison") process.kill(process.pid, "SIGKILL");
  // Long enough to be under way, all of them, when the process ends.
  await new Promise((resolve) => setTimeout(resolve, 50));
  return faces.running(input, signal);
};

const database = await openPglite({ folder });
await migrate(database);
await voidClaims(database);
const engine = createEngine({
  database,
  workflows: [poison, good],
  served: [...fakes(world), serve(clusters, "world", { ...faces, running })],
  policy: house,
  id: () => crypto.randomUUID(),
});
const Row = z.object({ workflow: z.string(), state: z.string(), waits: z.array(Waits).nullable() });
const read = () =>
  database.query(Row, "SELECT workflow, state, waits FROM shipmate.runs ORDER BY number");
if ((await read()).length === 0) {
  await database.transaction(async (sql) => {
    for (const workflow of ["good", "good", "poison", "good", "good"])
      await engine.start(sql, { workflow, input: {}, by: ada });
  });
}
watchThisProcess({ patience: 3_000 });
engine.work();
const isOpen = ({ state }: { state: string }) => state !== "succeeded" && state !== "parked";
for (;;) {
  const rows = await read();
  if (!rows.some(isOpen)) {
    process.stdout.write(`${JSON.stringify(rows)}\n`);
    break;
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
}
await engine.close();
await database.close();
process.exit(0);
