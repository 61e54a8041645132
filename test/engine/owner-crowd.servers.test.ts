/** Many runs of one target, driven by two processes' engines at once: no lock is held twice, and nobody trips. */
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
  input: z.object({ colour: z.string() }),
  title: (i) => `Bind ${i.colour}`,
  async run(step, { colour }) {
    const at = { service: "web", environment: "staging" };
    await step.change("bind", [clusters.bind({ ...at, env: { COLOUR: colour } })]);
  },
});

test("twenty runs of one target all come to their end, one after the other, without a deadlock", async (context) => {
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
      await new Promise((resolve) => setTimeout(resolve, 5));
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
      id: () => crypto.randomUUID(),
      troubled: (error) => troubles.push(error),
    });
    return { database, engine };
  };
  const replicas = [await replica(), await replica()];
  const ids = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const { database, engine } = replicas[i % 2] ?? (await replica());
      const id = await database.transaction((sql) =>
        engine.start(sql, { workflow: "bind", input: { colour: `c${i}` }, by: ada }),
      );
      engine.work(16);
      engine.ring([id]);
      return id;
    }),
  );
  const ended = async () => {
    const Row = z.object({ n: z.number() });
    const sql = "SELECT count(*) AS n FROM shipmate.runs WHERE state = 'succeeded'";
    return (await first(replicas[0]?.database ?? (await replica()).database, Row, sql))?.n;
  };
  await expect.poll(ended, { timeout: 100_000, interval: 200 }).toBe(ids.length);
  for (const { engine, database } of replicas) {
    await engine.close();
    await database.close();
  }
  expect(troubles).toEqual([]);
  expect(most).toBe(1);
}, 240_000);
