/** A team's limit holds over all processes: two of them on one database never carry out more at once together. */
import { defineWorkflow } from "shipmate";
import { expect, test } from "vitest";
import { z } from "zod";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { serve } from "../../src/engine/operations.ts";
import { type Database, first } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { openPostgres } from "../../src/store/postgres.ts";
import { postgres } from "../servers.ts";
import { ada } from "./people.ts";
import { house } from "./rig.ts";
import { fakes } from "./world/fakes.ts";
import { runs } from "./world/providers/running.ts";
import { clusters } from "./world/roles.ts";
import { emptyWorld } from "./world/world.ts";

const bind = defineWorkflow({
  name: "bind",
  input: z.object({ service: z.string() }),
  title: (i) => `Bind ${i.service}`,
  async run(step, { service }) {
    await step.change("bind", [
      clusters.bind({ service, environment: "staging", env: { COLOUR: "red" } }),
    ]);
  },
});

test("of twenty runs on twenty targets in two processes three are carried out at once, and all come to their end", async (context) => {
  const url = await postgres(context);
  const world = emptyWorld(() => Date.now());
  const troubles: unknown[] = [];
  let inside = 0;
  let most = 0;
  const good = runs(world);
  const slow: typeof good.bind = {
    ...good.bind,
    async run(input, how) {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside -= 1;
      return good.bind.run(input, how);
    },
  };
  const replica = async (): Promise<{ database: Database; engine: Engine }> => {
    const database = await openPostgres(url, { max: 10 });
    await migrate(database);
    const engine = createEngine({
      database,
      served: [...fakes(world), serve(clusters, "world", { ...good, bind: slow })],
      workflows: [bind],
      policy: house,
      limits: () => [{ name: "payments", most: 3 }],
      id: () => crypto.randomUUID(),
      troubled: (error) => troubles.push(error),
    });
    return { database, engine };
  };
  const replicas = [await replica(), await replica()] as const;
  for (const [i, { database, engine }] of [...replicas, ...replicas].entries()) {
    for (let n = 0; n < 5; n++) {
      await database.transaction((sql) =>
        engine.start(sql, { workflow: "bind", input: { service: `s${i}-${n}` }, by: ada }),
      );
    }
  }
  for (const { engine } of replicas) engine.work(16);
  const Row = z.object({ n: z.number() });
  const sql = "SELECT count(*) AS n FROM shipmate.runs WHERE state = 'succeeded'";
  await expect
    .poll(async () => (await first(replicas[0].database, Row, sql))?.n, {
      ...{ timeout: 100_000, interval: 200 },
    })
    .toBe(20);
  const locks = "SELECT count(*) AS n FROM shipmate.locks";
  expect(await first(replicas[0].database, Row, locks)).toEqual({ n: 0 });
  for (const { engine, database } of replicas) {
    await engine.close();
    await database.close();
  }
  expect(troubles).toEqual([]);
  expect(most).toBeLessThanOrEqual(3);
}, 120_000);
