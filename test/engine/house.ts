/** The whole house in memory: the real door, engine, projector, commands, workflows and policy on one database, around a cluster that a test turns. */
import { join } from "node:path";
import type { z } from "zod";
import type { Card, DrawnCard } from "../../src/core/card.ts";
import type { Json } from "../../src/core/operation.ts";
import type { Provider } from "../../src/core/provider.ts";
import type { Answer, Intent, OutMessage, Surface } from "../../src/core/surface.ts";
import { createDoor, type TheDoor } from "../../src/engine/door.ts";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { loadCommands } from "../../src/engine/load-commands.ts";
import { loadWorkflows } from "../../src/engine/load-workflows.ts";
import { serve } from "../../src/engine/operations.ts";
import { createProjector } from "../../src/engine/projector.ts";
import type { Meter } from "../../src/observe/meter.ts";
import { parsePlatform } from "../../src/platform/load.ts";
import { accountsOf, roomsOf } from "../../src/platform/rooms.ts";
import type { Platform } from "../../src/platform/schema.ts";
import { limits, may, mayVote, needs, rights } from "../../src/policy/decide.ts";
import { personOf } from "../../src/policy/identity.ts";
import { directory as answers } from "../../src/providers/platform/directory.ts";
import { clusters } from "../../src/roles/clusters.ts";
import { directory } from "../../src/roles/directory.ts";
import type { Database } from "../../src/store/database.ts";
import { type Clock, empty, turnClock } from "../databases.ts";
import { noMore } from "../no-more.ts";

const root = join(import.meta.dirname, "../..");
const commands = await loadCommands(join(root, "commands"));
const workflows = await loadWorkflows(join(root, "workflows"));

/** Vault asks two of security; production one of the owners; staging nobody. */
export const platformText = `
people:
  ada: { name: Ada, accounts: { chat: U1 } }
  grace: { name: Grace }
  linus: { name: Linus }
  barbara: { name: Barbara }
  mallory: { name: Mallory }
teams:
  payments: { members: [ada, grace, linus] }
  security: { members: [grace, linus, barbara] }
services:
  web: { owner: payments, says: The shop }
  hello: { owner: payments }
environments:
  staging: { cluster: local, change: everyone }
  production: { cluster: local, approval: { from: owners, expires: 4h } }
  vault: { cluster: local, change: everyone, approval: { from: security, count: 2, expires: 30m } }
clusters:
  local: { provider: local }
`;

type Rollout = z.output<typeof clusters.rollout.spec.result>;

/** A cluster in memory. */
export interface Cluster {
  readonly versions: Map<string, string>;
  /** Replicas of each target: what moves by itself. */
  readonly replicas: Map<string, number>;
  /** What a rollout's look gives. */
  rollout: Partial<Rollout>;
  /** Called when an effect enters; throws what the cluster answers. */
  entered: (version: string) => void;
  /** Effects that happened, by key. */
  readonly keys: string[];
}

/** What was posted, as it stands now. */
export interface Shown {
  readonly id: string;
  readonly channel: string;
  readonly thread: string | undefined;
  readonly to: string | undefined;
  readonly calls?: readonly string[];
  readonly card: DrawnCard;
}

export interface House {
  readonly database: Database;
  readonly engine: Engine;
  readonly door: TheDoor;
  readonly clock: Clock;
  readonly cluster: Cluster;
  /** Faults of ours, which nobody expects. */
  readonly trouble: unknown[];
  /** Another platform.yaml from now on. */
  platform(text: string): void;
  /** Everything that is due is done and posted. */
  settle(): Promise<void>;
  /** What is wanted is posted, and nothing is driven. */
  post(): Promise<void>;
  /** Says it on the console and settles. The answer is what the door gave. */
  say(who: string, text: string, more?: Partial<Saying>): Promise<Answer>;
  /** Clicks a button of a message by its label, and settles. */
  press(who: string, message: Shown, label: string, more?: Partial<Pressing>): Promise<Answer>;
  /** Hands a made intent in. */
  enter(intent: Intent): Promise<Answer>;
  /** Messages that stand in the channel, in order. */
  shown(channel?: string): readonly Shown[];
  /** The card of the only (or the nth) run. */
  card(nth?: number): Shown;
  query<T extends z.ZodType>(schema: T, sql: string): Promise<readonly z.output<T>[]>;
  close(): Promise<void>;
}
interface Saying {
  readonly key: string;
  readonly channel: string;
  readonly surface: string;
}
interface Pressing extends Saying {
  readonly values: { readonly [field: string]: Json };
  /** The message that the surface names; the button's own unless told. */
  readonly message: string;
}

/** On an emptied database. The clock stands. `faces` stand in the place of the cluster's own. */
export async function openHouse(
  database: Database,
  faces: Partial<Provider<typeof clusters>> = {},
  meter: Meter = () => {},
): Promise<House> {
  await empty(database);
  const clock = await turnClock(database);
  let platform: Platform = parsePlatform("platform.yaml", platformText);
  const now = () => platform;
  const trouble: unknown[] = [];
  const cluster: Cluster = {
    versions: new Map([["production/web", "1.4.1"]]),
    replicas: new Map([["production/web", 3]]),
    rollout: {},
    entered: () => {},
    keys: [],
  };
  const posted = new Map<string, Shown>();
  const closing = new AbortController();
  const nameOf = (id: string) => now().people[id]?.name ?? id;
  const surfaces = ["console", "chat"].map((name) => recording(name, posted));
  const projector = createProjector({
    ...{ database, surfaces, nameOf, meter, mask: <T>(value: T) => value },
    accountsOf: (people) => accountsOf(now(), people),
    troubled: (error) => trouble.push(error),
  });
  const engine = createEngine({
    ...{ database, workflows, nameOf, meter, id: () => crypto.randomUUID() },
    served: [
      serve(clusters, "local", { ...served(cluster), ...faces }),
      serve(directory, "platform.yaml", answers(now)),
    ],
    policy: (draft) => needs(now(), draft),
    limits: (targets) => limits(now(), targets),
    rooms: (targets) => roomsOf(now(), targets),
    accountsOf: (people) => accountsOf(now(), people, { asked: true }),
    votes: {
      mayVote: (person, plan, vote) => mayVote(now(), person, plan, vote),
      mayChange: (person, targets) => may(now(), person, "change", targets as never),
    },
    troubled: (error) => trouble.push(error),
  });
  const door = createDoor({
    mask: (text) => text,
    ...{ database, engine, commands, meter, closing: closing.signal },
    policy: {
      identify: (account) => personOf(now(), account),
      may: (person, act, targets) => may(now(), person, act, targets as never),
      rights: (person) => rights(now(), person),
    },
    posted: () => {},
    troubled: (error) => trouble.push(error),
  });
  let keys = 0;
  const enter = async (intent: Intent): Promise<Answer> => {
    await door.store(intent);
    const answer = await door.enter(intent.key, intent.at.surface);
    await house.settle();
    return answer;
  };
  const house: House = {
    ...{ database, engine, door, clock, cluster, trouble, enter },
    platform: (text) => {
      platform = parsePlatform("platform.yaml", text);
    },
    async settle() {
      await engine.turn();
      await projector.settle();
    },
    post: () => projector.settle(),
    say(who, text, { key = `k${++keys}`, channel = "general", surface = "console" } = {}) {
      return enter({ key, who: { surface, id: who }, at: { surface, channel }, said: { text } });
    },
    press(who, message, label, more = {}) {
      const button = message.card.buttons.find((one) => one.label === label);
      if (!button) throw new Error(`no button "${label}" on ${JSON.stringify(message.card)}`);
      const { key = `k${++keys}`, channel = message.channel, surface = "console" } = more;
      const { values } = more;
      return enter({
        ...{ key, who: { surface, id: who }, at: { surface, channel } },
        said: { button: button.id, message: more.message ?? message.id, ...(values && { values }) },
      });
    },
    shown: (channel = "general") => [...posted.values()].filter((one) => one.channel === channel),
    card(nth = 1) {
      const roots = [...posted.values()].filter((one) =>
        one.card.facts?.some((fact) => /^run \d+$/.test(fact)),
      );
      const found = roots[nth - 1];
      if (!found) throw new Error(`there are ${roots.length} cards of runs`);
      return found;
    },
    query: (schema, sql) => database.query(schema, sql),
    async close() {
      closing.abort();
      await engine.close();
      await projector.close();
    },
  };
  return house;
}

function recording(name: string, posted: Map<string, Shown>): Surface {
  const put = (channel: string, thread: string | undefined, { id, card, to, calls }: OutMessage) =>
    void posted.set(id, { id, channel, thread, to, card, ...(calls && { calls }) });
  return {
    name,
    pace: 0,
    async post({ channel, thread }, message) {
      put(channel, thread, message);
      return message.id;
    },
    async edit({ channel, thread }, _ref, message) {
      put(channel, thread, message);
    },
    async close() {},
  };
}

function served(it: Cluster): Provider<typeof clusters> {
  const target = (i: { service: string; environment: string }) => `${i.environment}/${i.service}`;
  const called = (i: { service: string; environment: string }) =>
    `${i.service} in ${i.environment}`;
  const seenOf = (object: string): Json => ({
    version: it.versions.get(object) ?? null,
    replicas: it.replicas.get(object) ?? 1,
  });
  return {
    release: {
      async preview(input) {
        const object = target(input);
        const [from, to] = [it.versions.get(object) ?? null, String(input.version)];
        if (from === to) return { same: { url: "http://127.0.0.1:9/" } };
        const { service, environment } = input;
        const version = { of: called(input), field: "version", from, to };
        const replicas = it.replicas.get(object) ?? 1;
        const more = { of: called(input), field: "replicas", from: replicas, to: 3 };
        return {
          changes: [version, ...(replicas === 3 ? [] : [more])],
          seen: { [object]: seenOf(object) },
          will: { [object]: to },
          knows: { url: "http://127.0.0.1:9/" },
          undo: [
            from === null
              ? clusters.remove({ service, environment })
              : clusters.release({ service, environment, version: from }),
          ],
        };
      },
      async run(input, { key }) {
        it.entered(input.version);
        it.versions.set(target(input), input.version);
        it.keys.push(key);
        return { url: "http://127.0.0.1:9/" };
      },
    },
    remove: {
      async preview(input) {
        const object = target(input);
        if (!it.versions.has(object)) return { same: {} };
        return {
          changes: [{ of: called(input), from: it.versions.get(object) ?? null, to: null }],
          seen: { [object]: seenOf(object) },
          will: { [object]: null },
          undo: { irreversible: "nothing brings it back" },
        };
      },
      async run(input, { key }) {
        it.versions.delete(target(input));
        it.keys.push(key);
        return {};
      },
    },
    rollout: async (input) => ({
      ...{ state: "good", says: "3 of 3 ready", ready: 3, of: 3, log: [] },
      ...{ version: it.versions.get(target(input)) ?? null, url: "http://127.0.0.1:9/" },
      ...it.rollout,
    }),
    running: async (input) => ({
      ...{ version: it.versions.get(target(input)) ?? null, ready: 3, of: 3 },
      ...{ url: null, since: null, restarts: 0 },
    }),
    ...noMore,
    history: async () => [],
    versions: async () => ["1.5.0", "1.4.2", "1.4.1"].map((value) => ({ value, hint: "" })),
    async *logs() {
      yield { text: "a line", from: "web", at: 0 };
    },
  };
}

/** The one sentence of a private answer. Throws where it is anything else. */
export function refusal(answer: Answer): string {
  if (answer.is !== "card" || !answer.private) throw new Error(JSON.stringify(answer));
  return (answer.card as Card).title;
}
