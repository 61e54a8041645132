/** The engine at work in all three modes: what one process promises, several promise together. */
import { expect, test } from "vitest";
import { z } from "zod";
import { type Doorbell, inProcess } from "../../src/engine/doorbell.ts";
import { redisDoorbell } from "../../src/engine/doorbell-redis.ts";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { defineWorkflow, press, type Step } from "../../src/index.ts";
import type { Database } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { openPostgres } from "../../src/store/postgres.ts";
import { memoryDatabase } from "../databases.ts";
import { type Asker, postgres, redis } from "../servers.ts";
import { house } from "./rig.ts";
import { fakes } from "./world/fakes.ts";
import deploy from "./world/workflows/deploy.ts";
import { emptyWorld } from "./world/world.ts";

const ada = { id: "ada", name: "Ada" };
const grace = { id: "grace", name: "Grace" };

const hold = defineWorkflow({
  name: "hold",
  input: z.object({ seconds: z.number() }),
  title: (i) => `Hold ${i.seconds}`,
  async run(step: Step, { seconds }) {
    const out = await step.wait("for a while", {
      for: `${seconds}s`,
      press: { go: press("Go") },
    });
    return out.is;
  },
});

interface Mode {
  readonly name: string;
  readonly processes: number;
  open(asker: Asker): Promise<{ database: Database; doorbell: () => Doorbell }>;
}
const onPostgres = async (asker: Asker): Promise<Database> => {
  const database = await openPostgres(await postgres(asker), { max: 10 });
  asker.onTestFinished(() => database.close());
  await migrate(database);
  return database;
};
const modes: readonly Mode[] = [
  {
    name: "local (PGlite)",
    processes: 1,
    async open(asker) {
      const database = await memoryDatabase();
      asker.onTestFinished(() => database.close());
      return { database, doorbell: inProcess };
    },
  },
  {
    name: "one machine (PostgreSQL)",
    processes: 1,
    open: async (asker) => ({ database: await onPostgres(asker), doorbell: inProcess }),
  },
  {
    name: "fleet (PostgreSQL and Redis)",
    processes: 3,
    async open(asker) {
      const { url, prefix } = await redis(asker);
      const troubled = () => {};
      const doorbell = () => redisDoorbell({ url, prefix, troubled });
      return { database: await onPostgres(asker), doorbell };
    },
  },
];

async function begin(mode: Mode, asker: Asker) {
  const { database, doorbell } = await mode.open(asker);
  // Ahead of the real one by as much as a test says.
  const clock = { ahead: 0 };
  const world = emptyWorld(() => Date.now() + clock.ahead);
  let ids = 0;
  const make = (): Engine =>
    createEngine({
      database,
      doorbell: doorbell(),
      served: fakes(world),
      workflows: [deploy, hold],
      policy: house,
      id: () => `run-${++ids}`,
    });
  const engines = Array.from({ length: mode.processes }, make);
  for (const engine of engines) {
    asker.onTestFinished(() => engine.close());
    engine.work();
  }
  const [first] = engines;
  const last = engines.at(-1);
  if (!first || !last) throw new Error("a mode has at least one process");
  const start = async (workflow: string, input: unknown) => {
    const run = await database.transaction((sql) => first.start(sql, { workflow, input, by: ada }));
    first.ring([run]);
    return run;
  };
  const states = async () => {
    const row = z.object({
      id: z.string(),
      state: z.string(),
      says: z.string(),
      ended: z.boolean(),
    });
    return database.query(
      row,
      "SELECT id, state, says, ended_at IS NOT NULL AS ended FROM shipmate.runs ORDER BY number",
    );
  };
  const until = async (good: (rows: Awaited<ReturnType<typeof states>>) => boolean) => {
    const end = performance.now() + 150_000;
    for (;;) {
      const rows = await states();
      if (good(rows)) return rows;
      if (performance.now() > end) throw new Error(`still ${JSON.stringify(rows.slice(0, 5))}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const allEnded = () => until((rows) => rows.every((row) => row.ended));
  return { database, world, clock, engines, first, last, make, start, until, allEnded };
}

for (const mode of modes) {
  test.concurrent(`${mode.name}: runs are carried out once each, and nothing stays locked or open`, async (asker) => {
    const { database, world, start, allEnded } = await begin(mode, asker);
    const services = Array.from({ length: 20 }, (_, i) => `s${i}`);
    await Promise.all(
      services.map((service) =>
        start("deploy", { service, version: "1.0.0", environment: "staging" }),
      ),
    );
    const rows = await allEnded();
    expect(rows.map((row) => row.state)).toEqual(services.map(() => "succeeded"));
    expect(world.writes).toHaveLength(services.length);
    expect(new Set(world.writes.map((write) => write.key)).size).toBe(services.length);
    const left = z.object({ n: z.number() });
    expect(
      await database.query(
        left,
        `SELECT (SELECT count(*) FROM shipmate.locks) + (SELECT count(*) FROM shipmate.plans WHERE state = 'open') AS n`,
      ),
    ).toEqual([{ n: 0 }]);
  });

  test.concurrent(`${mode.name}: a vote moves the run on, wherever it was given`, async (asker) => {
    const { last, start, until, allEnded } = await begin(mode, asker);
    const input = { service: "web", version: "1.0.0", environment: "production" };
    await start("deploy", input);
    await until((rows) => rows.every((row) => row.state === "waiting"));
    const runs = last.runs(grace, "test");
    const [open] = await runs.open();
    await runs.vote(String(open?.number), open?.digest ?? "", "yes");
    const [row] = await allEnded();
    expect(row?.state).toBe("succeeded");
  });

  test.concurrent(`${mode.name}: a second deploy of a service waits for the first and goes on when its turn comes`, async (asker) => {
    const { world, clock, start, until, allEnded } = await begin(mode, asker);
    const input = { service: "web", environment: "staging" };
    await start("deploy", { ...input, version: "1.0.0-slow" });
    await until((rows) => rows[0]?.state === "running");
    await start("deploy", { ...input, version: "2.0.0" });
    await until((rows) => rows[1]?.state === "queued");
    clock.ahead = 300_000; // what the slow one takes
    const rows = await allEnded();
    expect(rows.map((row) => row.state)).toEqual(["succeeded", "succeeded"]);
    expect(world.read("staging/web")).toMatchObject({ version: "2.0.0" });
  });

  test.concurrent(`${mode.name}: a wait ends by its time or by its button`, async (asker) => {
    const { last, start, until, allEnded } = await begin(mode, asker);
    await start("hold", { seconds: 1 });
    await start("hold", { seconds: 3_600 });
    await until((rows) => rows[0]?.ended === true && rows[1]?.state === "waiting");
    await last.runs(grace, "test").press("2", "go");
    const rows = await allEnded();
    expect(rows.map((row) => row.state)).toEqual(["succeeded", "succeeded"]);
  });

  test.concurrent(`${mode.name}: what a process leaves when it closes, another takes up`, async (asker) => {
    const { engines, world, clock, make, start, until, allEnded } = await begin(mode, asker);
    await start("deploy", { service: "web", version: "1.0.0-slow", environment: "staging" });
    await until((rows) => rows[0]?.state === "running");
    await Promise.all(engines.map((engine) => engine.close()));
    clock.ahead = 300_000;
    const fresh = make();
    asker.onTestFinished(() => fresh.close());
    fresh.work();
    const [row] = await allEnded();
    expect(row?.state).toBe("succeeded");
    expect(world.writes).toHaveLength(1);
  });
}
