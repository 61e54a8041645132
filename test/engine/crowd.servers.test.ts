/** Many runs that two processes' engines drive at once: no lock is held twice, no limit passed, and nobody trips. */
import { setTimeout as sleep } from "node:timers/promises";
import { defineWorkflow } from "shipmate";
import { expect, type TestContext, test } from "vitest";
import { z } from "zod";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { serve } from "../../src/engine/operations.ts";
import { type Database, first } from "../../src/store/database.ts";
import type { Limit } from "../../src/store/locks.ts";
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
  input: z.object({ service: z.string(), colour: z.string() }),
  title: (i) => `Bind ${i.colour} to ${i.service}`,
  async run(step, { service, colour }) {
    const at = { service, environment: "staging" };
    await step.change("bind", [clusters.bind({ ...at, env: { COLOUR: colour } })]);
  },
});

test("twenty runs of one target all come to their end, one after the other, without a deadlock", async (context) => {
  const services = Array.from({ length: 20 }, () => "web");
  expect(await driven(context, services)).toBe(1);
}, 240_000);

test("of twenty runs on twenty targets three are carried out at once where their team may carry out three", async (context) => {
  const services = Array.from({ length: 20 }, (_, i) => `s${i}`);
  const most = await driven(context, services, [{ name: "payments", most: 3 }]);
  expect(most).toBeLessThanOrEqual(3);
}, 240_000);

/** Lets two processes' engines drive a run for each service to its end, and gives how many effects were under way at once. */
async function driven(
  context: TestContext,
  services: readonly string[],
  limits: readonly Limit[] = [],
): Promise<number> {
  const url = await postgres(context);
  const world = emptyWorld(() => Date.now());
  const troubles: unknown[] = [];
  let [inside, most] = [0, 0];
  const good = runs(world);
  const slow: typeof good.bind = {
    ...good.bind,
    async run(input, how) {
      inside += 1;
      most = Math.max(most, inside);
      await sleep(20);
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
      limits: () => limits,
      id: () => crypto.randomUUID(),
      troubled: (error) => troubles.push(error),
    });
    return { database, engine };
  };
  const [one, other] = [await replica(), await replica()];
  await Promise.all(
    services.map(async (service, i) => {
      const { database, engine } = i % 2 === 0 ? one : other;
      const input = { service, colour: `c${i}` };
      const id = await database.transaction((sql) =>
        engine.start(sql, { workflow: "bind", input, by: ada }),
      );
      engine.work(16);
      engine.ring([id]);
    }),
  );
  const count = async (what: string) =>
    (await first(one.database, Count, `SELECT count(*) AS n FROM shipmate.${what}`))?.n;
  await expect
    .poll(() => count("runs WHERE state = 'succeeded'"), { timeout: 100_000, interval: 200 })
    .toBe(services.length);
  expect(await count("locks")).toBe(0);
  for (const { engine, database } of [one, other]) {
    await engine.close();
    await database.close();
  }
  expect(troubles).toEqual([]);
  return most;
}

const Count = z.object({ n: z.number() });
