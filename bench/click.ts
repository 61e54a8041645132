/**
 * From the arrival of the approving click to the entry into the provider's `run`, when nothing else is under
 * way: the click is stored and understood, the vote and the lock are committed, the change is previewed again
 * and its intent committed. The provider answers at once. `node src/run.mjs bench/click.ts [rounds]`.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createDoor } from "../src/engine/door.ts";
import { createEngine } from "../src/engine/engine.ts";
import { loadCommands } from "../src/engine/load-commands.ts";
import { serve } from "../src/engine/operations.ts";
import { createProjector } from "../src/engine/projector.ts";
import { clusters } from "../src/roles/clusters.ts";
import type { Database } from "../src/store/database.ts";
import { migrate } from "../src/store/migrate.ts";
import { openPglite } from "../src/store/pglite.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { listMessages } from "../src/store/views.ts";
import { bus } from "../src/surfaces/console/bus.ts";
import { console as consoleSurface } from "../src/surfaces/console/console.ts";
import { machine, spread } from "./figures.ts";
import { type Kind, kinds, place } from "./processes.ts";
import { deploy, world } from "./world.ts";

const rounds = Number(process.argv[2] ?? "200");
/** Not counted: the first ones find nothing compiled. */
const warm = 20;
/** Between two clicks, so that nothing of the one before is under way. Milliseconds. */
const idle = 50;

for (const kind of kinds) await measure(kind);

async function measure(kind: Kind): Promise<void> {
  const home = await place(kind);
  if (home === undefined) {
    console.log(`${kind}: left out, SHIPMATE_TEST_DATABASE_URL is not set`);
    return;
  }
  const folder = home.env["SHIPMATE_HOME"] ?? ".";
  const url = home.env["DATABASE_URL"];
  const database: Database =
    url === undefined
      ? await openPglite({ folder: join(folder, "data") })
      : await openPostgres(url);
  try {
    await migrate(database);
    const samples = await clicks(database);
    console.log(`${kind}: ${spread(samples)}  (${await machine(folder)})`);
  } finally {
    await database.close();
    await home.clear();
  }
}

async function clicks(database: Database): Promise<readonly number[]> {
  const { provider, entered } = world("good");
  let poke = () => {};
  const engine = createEngine({
    database,
    served: [serve(clusters, "bench", provider)],
    workflows: [deploy],
    policy: () => ({
      policy: "bench",
      needs: [{ of: "payments", count: 1, people: ["grace"] }],
      rule: "one of payments",
      expires: 3_600_000,
    }),
    id: randomUUID,
    changed: () => poke(),
  });
  const door = createDoor({
    database,
    engine,
    commands: await loadCommands(join(import.meta.dirname, "../commands")),
    policy: {
      identify: (account) => ({ id: account.id, name: account.id }),
      may: () => ({ ok: true }),
      rights: () => "",
    },
    mask: (text) => text,
    posted: () => poke(),
    troubled: (error) => console.error(error),
    closing: new AbortController().signal,
  });
  const projector = createProjector({
    database,
    surfaces: [consoleSurface(bus("bench"))],
    nameOf: (person) => person,
    mask: (value) => value,
  });
  poke = projector.poke;
  engine.work();
  const samples: number[] = [];
  for (let round = 0; round < rounds + warm; round++) {
    const service = `service-${round}`;
    const input = { service, version: "1.0.0", environment: "production" };
    const at = { surface: "console", channel: service };
    const by = { id: "ada", name: "Ada" };
    const run = await database.transaction((sql) =>
      engine.start(sql, { workflow: "deploy", input, by, at }),
    );
    engine.ring([run]);
    const button = await until(() => approveButton(database, service));
    await sleep(idle);
    const arrived = performance.now();
    const key = randomUUID();
    const who = { surface: "console", id: "grace" };
    await door.store({ key, who, at, said: { button } });
    await door.enter(key, "console");
    const entry = await until(async () => entered.get(service));
    if (round >= warm) samples.push(entry - arrived);
  }
  await projector.close();
  await engine.close();
  return samples;
}

async function approveButton(database: Database, channel: string): Promise<string | undefined> {
  const query = { surface: "console", channel, viewer: "grace", limit: 1 };
  const [message] = await listMessages(database, query);
  return message?.drawn?.buttons.find(({ label }) => label === "Approve")?.id;
}

async function until<T>(find: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    await sleep(2);
  }
}
