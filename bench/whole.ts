/**
 * All of Shipmate in this process but a chat's own client and the web server: inbox, door, real policy, engine, audit
 * with its sealer, and cards that a surface of the bench's keeps in memory and clicks on.
 */
import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { defineCommand } from "../src/core/command.ts";
import type { Surface } from "../src/core/surface.ts";
import { defineWorkflow } from "../src/core/workflow.ts";
import { createDoor } from "../src/engine/door.ts";
import { inProcess } from "../src/engine/doorbell.ts";
import { createEngine } from "../src/engine/engine.ts";
import { loadCommands } from "../src/engine/load-commands.ts";
import { serve } from "../src/engine/operations.ts";
import { createProjector } from "../src/engine/projector.ts";
import { parsePlatform } from "../src/platform/load.ts";
import { may, mayVote, needs, rights } from "../src/policy/decide.ts";
import { personOf } from "../src/policy/identity.ts";
import { clusters } from "../src/roles/clusters.ts";
import { startSealer } from "../src/store/audit.ts";
import type { Database } from "../src/store/database.ts";
import { migrate } from "../src/store/migrate.ts";
import { openPglite } from "../src/store/pglite.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { world } from "./world.ts";

/** Two looks, an approval, two effects. */
const ship = defineWorkflow({
  name: "ship",
  input: z.object({ service: z.string() }),
  title: (i) => `Ship ${i.service}`,
  done: (i) => `${i.service} runs in production.`,
  on: (i) => [`production/${i.service}`, `production/${i.service}-jobs`],
  async run(step, { service }) {
    const [environment, version] = ["production", "1.0.0"];
    await step.look("what runs", clusters.running({ service, environment }));
    await step.look("what it takes", clusters.running({ service: `${service}-jobs`, environment }));
    await step.change("ship it", [
      clusters.release({ service, version, environment }),
      clusters.release({ service: `${service}-jobs`, version, environment }),
    ]);
  },
});
const say = defineCommand({
  name: "ship",
  summary: "Ship a service and its jobs",
  examples: ["ship web"],
  args: { service: z.string() },
  run: ({ args, start }) => start(ship, args),
});
const platform = parsePlatform(
  "platform.yaml",
  `people: { ada: { name: Ada }, grace: { name: Grace }, mallory: { name: Mallory }, trudy: { name: Trudy } }
teams: { payments: { members: [ada, grace] } }
services: {}
environments:
  production: { cluster: local, change: everyone, approval: { from: payments, count: 1 } }
clusters: { local: { provider: local } }`,
);

export interface Whole {
  readonly database: Database;
  /** Ada asks for it; gives when it was stored, so that it could be acknowledged. */
  ask(service: string): Promise<void>;
  /** Resolves with the button as soon as the card with it stands in the chat. */
  approval(service: string): Promise<string>;
  /** Grace clicks. */
  click(service: string, button: string): Promise<void>;
  /** Resolves when the run has ended. Throws where it did not succeed. */
  ended(service: string): Promise<void>;
  /** Somebody says anything; comes back when it was dealt with. */
  says(person: "mallory" | "trudy", words: string): Promise<void>;
  /** When the provider's `run` was entered (`performance.now`). */
  entered(service: string): number | undefined;
  close(): Promise<void>;
}

/** Opens DATABASE_URL, else a PGlite in SHIPMATE_HOME; with REDIS_URL as one of a fleet. */
export async function openWhole(
  settings: { readonly [name: string]: string | undefined } = process.env,
  /** How many things one account may say in a minute. */
  most = Number.POSITIVE_INFINITY,
): Promise<Whole> {
  const { DATABASE_URL: url, SHIPMATE_HOME: home = ".", REDIS_URL: redis } = settings;
  await mkdir(home, { recursive: true });
  const database: Database =
    url === undefined ? await openPglite({ folder: join(home, "data") }) : await openPostgres(url);
  await migrate(database);
  const { provider, entered } = world("good");
  const buttons = meeting<string>();
  const ends = meeting<string>();
  const names = new Map<string, string>();
  const troubled = (error: unknown) => console.error(error);
  let poke = () => {};
  const doorbell =
    redis === undefined
      ? inProcess()
      : (await import("../src/engine/doorbell-redis.ts")).redisDoorbell({
          ...{ url: redis, prefix: `bench-${randomUUID()}`, troubled },
        });
  const engine = createEngine({
    database,
    doorbell,
    served: [serve(clusters, "bench", provider)],
    workflows: [ship],
    policy: (draft) => needs(platform, draft),
    votes: {
      mayVote: (person, plan, vote) => mayVote(platform, person, plan, vote),
      mayChange: (person, targets) => may(platform, person, "change", targets as never),
    },
    nameOf: (id) => platform.people[id]?.name ?? id,
    id: randomUUID,
    changed: () => poke(),
    meter: (happened) => {
      if (happened.is !== "ended") return;
      ends.came(names.get(happened.run) ?? "", happened.state);
      names.delete(happened.run);
    },
    troubled,
  });
  const door = createDoor({
    database,
    engine,
    commands: [...(await loadCommands(join(import.meta.dirname, "../commands"))), say],
    policy: {
      identify: (account) => personOf(platform, account),
      may: (person, act, targets) => may(platform, person, act, targets as never),
      rights: (person) => rights(platform, person),
    },
    mask: (text) => text,
    most: () => most,
    posted: () => poke(),
    troubled,
    closing: new AbortController().signal,
  });
  const surface: Surface = chat((channel, button) => buttons.came(channel, button));
  const projector = createProjector({
    database,
    surfaces: [surface],
    nameOf: (id) => platform.people[id]?.name ?? id,
    mask: (value) => value,
    troubled,
  });
  poke = projector.poke;
  const sealer = startSealer(database, 1_000, troubled);
  engine.work();
  const said = async (
    person: string,
    channel: string,
    what: { text: string } | { button: string },
  ) => {
    const key = randomUUID();
    const [who, at] = [
      { surface: "console", id: person },
      { surface: "console", channel },
    ];
    await door.store({ key, who, at, said: what });
    return door.enter(key, "console");
  };
  return {
    database,
    async ask(service) {
      const answer = await said("ada", service, { text: `ship ${service}` });
      if (answer.is !== "run")
        throw new Error(`asking was answered with ${JSON.stringify(answer)}`);
      names.set(answer.run, service);
    },
    approval: buttons.expected,
    async click(service, button) {
      await said("grace", service, { button });
    },
    async ended(service) {
      const state = await ends.expected(service);
      if (state !== "succeeded") throw new Error(`shipping ${service} ended as ${state}`);
    },
    async says(person, words) {
      await said(person, person, { text: words });
    },
    entered: (service) => entered.get(service),
    async close() {
      await projector.close();
      await engine.close();
      await sealer.close();
      await database.close();
    },
  };
}

/** A chat that takes each card at once and tells of those that ask for approval. */
function chat(asked: (channel: string, button: string) => void): Surface {
  const told = new Set<string>();
  const look = (channel: string, buttons: readonly { label: string; id: string }[]) => {
    const approve = buttons.find(({ label }) => label === "Approve");
    if (!approve || told.has(approve.id)) return;
    told.add(approve.id);
    asked(channel, approve.id);
  };
  return {
    name: "console",
    pace: 200,
    async post({ channel }, message) {
      look(channel, message.card.buttons);
      return message.id;
    },
    edit: async ({ channel }, _ref, message) => look(channel, message.card.buttons),
    close: async () => {},
  };
}

/** What comes and who waits for it, in either order; each comes once. */
function meeting<T>() {
  const made = new Map<string, PromiseWithResolvers<T>>();
  const of = (name: string) => {
    const one = made.get(name) ?? Promise.withResolvers<T>();
    made.set(name, one);
    return one;
  };
  return {
    came: (name: string, value: T) => of(name).resolve(value),
    async expected(name: string): Promise<T> {
      const value = await of(name).promise;
      made.delete(name);
      return value;
    },
  };
}
