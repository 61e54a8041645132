/** Puts a whole Shipmate together from its settings: the only place where the parts meet. */
import { randomUUID } from "node:crypto";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Config, secretsOf } from "./config.ts";
import type { Json } from "./core/operation.ts";
import type { Person } from "./core/person.ts";
import type { Provider } from "./core/provider.ts";
import { refuse } from "./core/refusal.ts";
import type { Door, Surface } from "./core/surface.ts";
import { codeOf } from "./engine/code.ts";
import { createDoor, type TheDoor } from "./engine/door.ts";
import { type Doorbell, inProcess } from "./engine/doorbell.ts";
import { createEngine, type Engine } from "./engine/engine.ts";
import { loadCommands } from "./engine/load-commands.ts";
import { loadWorkflows } from "./engine/load-workflows.ts";
import { serveBy, serve as serves } from "./engine/operations.ts";
import { createProjector } from "./engine/projector.ts";
import { type Log, logger } from "./observe/log.ts";
import { type Mask, masker } from "./observe/mask.ts";
import type { Meter } from "./observe/meter.ts";
import { repeats } from "./observe/repeats.ts";
import { openDatabase } from "./open-database.ts";
import { type Kept, keepPlatform } from "./platform/keep.ts";
import { accountsOf, roomsOf } from "./platform/rooms.ts";
import type { Platform } from "./platform/schema.ts";
import { limits, may, maySay, mayVote, needs, rights } from "./policy/decide.ts";
import { personOf } from "./policy/identity.ts";
import { directory as platformDirectory } from "./providers/platform/directory.ts";
import { clusters } from "./roles/clusters.ts";
import { directory } from "./roles/directory.ts";
import { openSeeing, type Seeing } from "./seeing.ts";
import { startBeating } from "./store/alive.ts";
import { heldText, startSealer, watchAudit } from "./store/audit.ts";
import type { Database } from "./store/database.ts";
import { holdFolder } from "./store/folder.ts";
import { startPruning } from "./store/history.ts";
import { migrations } from "./store/migrations.ts";
import { settleRestored } from "./store/restored.ts";
import { openWitness, type Witness } from "./store/witness.ts";
import { bus } from "./surfaces/console/bus.ts";
import { console as consoleSurface } from "./surfaces/console/console.ts";
import type { SlackConfig } from "./surfaces/slack/slack.ts";
import type { TeamsConfig } from "./surfaces/teams/config.ts";
import { runLog } from "./web/run-log.ts";
import { checkPort, serve } from "./web/server.ts";
import { openWorlds, serverOf } from "./worlds.ts";

export interface AppOptions {
  /** The folder of commands/, workflows/ and manifests/; the project's own unless told. */
  readonly root?: string;
  /** Whether the local world's services end with this process (they live on unless told). */
  readonly stopServices?: boolean;
  /** Who stands in for Microsoft, on this machine, and how long it waits for an answer: for tests. */
  readonly microsoft?: Pick<TeamsConfig, "issuer" | "loginUrl" | "serviceUrl" | "answerIn">;
  /** How much the Slack takes that stands in for the real one: for tests. */
  readonly slack?: Pick<SlackConfig, "budgets">;
  /** Stands in for the clusters of platform.yaml, where it gives one: for tests. */
  readonly world?: (input: Json) => Provider<typeof clusters> | undefined;
  /** One more chat, in every mode: for tests. */
  readonly chat?: (door: Door) => Promise<Surface>;
  /** Hears what happens as well: for tests. */
  readonly meter?: Meter;
  /** Leaves the console open although a chat is connected, so that anybody may act as anybody: for tests, on this machine. */
  readonly openConsole?: boolean;
  readonly log?: Log;
  /** Ends a start that still waits for its database; its reason is thrown. */
  readonly signal?: AbortSignal;
}
/** What closes the parts that are open; the last opened is closed first. */
type Closers = (() => Promise<void> | void)[];
export interface Shipmate {
  readonly url: string;
  /** Writes an error down that nobody expected. */
  troubled(error: unknown, doing: string): void;
  close(): Promise<void>;
}

/** How often what a crash left in the inbox is looked for, and how old it must be, in milliseconds. */
const takeUpEvery = 5_000;
const takeUpAfter = 10_000;
/** How long what is under way may go on when it is asked to end, and how long `/readyz` says so at least, in milliseconds. */
const grace = 8_000;
const farewell = 1_000;

/** Ready to be talked to when it comes back. Throws a Refusal or a ManifestError of a few words for people where it can't start. */
export async function startShipmate(config: Config, options: AppOptions = {}): Promise<Shipmate> {
  const root = options.root ?? join(import.meta.dirname, "..");
  const mask = masker({ secrets: () => secretsOf(config) });
  const log = options.log ?? logger({ level: config.log, mask });
  const closers: Closers = [];
  const closing = new AbortController();
  const close = async () => {
    closing.abort();
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const held = await holdFolder(config.home);
    closers.push(() => held.release());
    const manifests = config.manifests ?? join(root, "manifests");
    const platform = await openPlatform(manifests, log, closers);
    await checkPort(config.host, config.port);
    const [database, worlds, commands, workflows, code] = await together([
      openDatabase(config, log, options.signal).then((one) => {
        closers.push(() => one.close());
        return one;
      }),
      openWorlds({
        ...{ folder: manifests, home: config.home, kubeconfig: config.kubeconfig },
        ...{ platform, log, closers, stop: options.stopServices ?? false },
      }),
      loadCommands(join(root, "commands")),
      loadWorkflows(join(root, "workflows")),
      codeOf([join(root, "workflows"), ...["roles", "core", "engine"].map(ownFolder)]),
    ]);
    const now = platform.current;
    const nameOf = (id: string) => now().people[id]?.name ?? id;
    const repeated = repeats((text, about) => log.error(about, text));
    closers.push(() => repeated.close());
    const troubled = (err: unknown, doing: string, run?: string) => {
      const key = `${doing.replaceAll(/[0-9a-f]{8,}/g, "")} ${String(err)}`;
      repeated.say(key, doing, { err, ...(run && { run }) });
      seeing?.meter({ is: "trouble" });
    };
    let seeing: Seeing | undefined;
    let isBellUp: Doorbell["isUp"];
    seeing = await openSeeing({
      ...{ config, database, log, mask: mask.data, troubled },
      silence: () => worlds.kubernetes?.silence(),
      redis: () => isBellUp?.(),
    });
    closers.push(() => seeing?.close());
    const { metrics } = seeing;
    const meter = both(seeing.meter, options.meter);
    const pages = bus(randomUUID());

    const doorbell = await openDoorbell(config, log, troubled);
    isBellUp = doorbell.isUp;
    let poke = () => {};
    let connected: readonly string[] = [];
    const engine = createEngine({
      database,
      workflows,
      code,
      doorbell,
      nameOf,
      grace,
      id: randomUUID,
      served: [
        serveBy(clusters, (input) => {
          const provider = options.world?.(input);
          return provider ? { name: "test", provider } : serverOf(now(), worlds, input);
        }),
        serves(directory, "platform.yaml", platformDirectory(now)),
      ],
      policy: (draft) => needs(now(), draft),
      limits: (targets) => limits(now(), targets),
      rooms: (targets) =>
        roomsOf(now(), targets).filter(({ surface }) => connected.includes(surface)),
      votes: {
        mayVote: (person, plan, vote) => mayVote(now(), person, plan, vote),
        mayChange: (person, targets) => may(now(), person, "change", targets as never),
      },
      accountsOf: (people) => accountsOf(now(), people, { asked: true }),
      changed: (run) => {
        pages.tell({ is: "run", run });
        poke();
      },
      meter,
      troubled: (error, run) => troubled(error, "driving a run", run),
    });
    closers.push(() => engine.close());
    const door = createDoor({
      database,
      engine,
      commands,
      policy: {
        identify: (account) => personOf(now(), account),
        may: (person, act, targets) => may(now(), person, act, targets as never),
        rights: (person) => rights(now(), person),
      },
      mask: mask.text,
      most: () => maySay(now()),
      posted: () => poke(),
      troubled,
      meter,
      closing: closing.signal,
    });
    const { surfaces, mounts } = await openSurfaces(config, {
      ...{ door, pages, log, mask, closers, microsoft: options.microsoft ?? {} },
      slack: options.slack ?? {},
    });
    if (options.chat) surfaces.push(await options.chat(door));
    connected = surfaces.map(({ name }) => name);
    const projector = createProjector({
      accountsOf: (people) => accountsOf(now(), people),
      ...{ database, surfaces, nameOf, meter, mask: mask.data },
      troubled: (error, message) => troubled(error, `posting message ${message}`),
    });
    closers.push(() => projector.close());
    poke = projector.poke;
    const witness = await seen(join(config.home, "audit-head.json"), database, log);
    const failed = (error: unknown) => troubled(error, "sealing the audit");
    const sealer = startSealer(database, 1_000, failed, witness.saw);
    closers.push(() => sealer.close());
    const pruning = startPruning(database, { days: config.historyDays }, (error) =>
      troubled(error, "pruning the history"),
    );
    closers.push(() => pruning.close());
    const self = { id: randomUUID(), code, knows: migrations.length };
    const beating = await startBeating(database, self, (error) =>
      troubled(error, "saying that this process lives"),
    );
    closers.push(() => beating.close());

    const audited = watchAudit(database, witness.known);
    const web = await serve({
      ...{ host: config.host, port: config.port },
      mode: options.openConsole ? "local" : config.mode,
      ...{ database, door, bus: pages, commands, mounts, metrics, id: randomUUID },
      draining: () => closing.signal.aborted,
      platform: now,
      look: (id, op) => door.look(personNamed(now(), id), op) as never,
      rights: (id) => rights(now(), { id }),
      audit: async () => {
        const checked = await audited();
        return checked.ok
          ? { holds: true, says: heldText(checked) }
          : { holds: false, says: checked.says };
      },
      logs: runLog({
        database,
        services: () => Object.keys(now().services),
        stream: (id, op, signal) => {
          const { reads, stream } = engine.operations;
          const ruling = may(now(), personNamed(now(), id), "look", reads(op) as never);
          return ruling.ok ? stream(op, signal, id) : refuse(ruling.says);
        },
      }),
      mask: mask.data,
      report: troubled,
    });
    closers.push(
      () => door.close(),
      () => web.close(),
      // Until here it still hears: what is said meanwhile is stored for the next process.
      () => stopped(engine, config, closing),
    );
    engine.work();
    projector.poke();
    const ends = keepTakingUp(door, (error) => troubled(error, "taking up the inbox"));
    closers.push(ends);
    log.info({ url: web.url, mode: config.mode }, `Shipmate listens at ${web.url}. ${config.why}`);
    return { url: web.url, troubled, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const ownFolder = (name: string): string => join(import.meta.dirname, name);

const both = (one: Meter, other: Meter | undefined): Meter =>
  other === undefined
    ? one
    : (happened) => {
        one(happened);
        other(happened);
      };

/** Where the database is older than what was seen, it says so, and sees to what was under way. */
async function seen(file: string, database: Database, log: Log): Promise<Witness> {
  const witness = await openWitness(file, database);
  if (witness.agrees) return witness;
  log.warn(
    `The audit lacks rows that were seen before: an older backup was restored, or rows were removed. Once you know why, remove ${file}.`,
  );
  if (!witness.noticed) await settleRestored(database);
  await witness.notice();
  return witness;
}

/** What is missing here is a person of the manifests: policy then says no by itself. */
function personNamed(platform: Platform, id: string): Person {
  return { id, name: platform.people[id]?.name ?? id };
}

/** Drives nothing more, and is seen to be stopping: where others send it work they have a moment to notice. */
async function stopped(engine: Engine, { mode }: Config, closing: AbortController): Promise<void> {
  closing.abort();
  await Promise.all([engine.close(), mode === "local" ? undefined : sleep(farewell)]);
}

/** All of them, side by side; where one fails the others are waited for, so that they can be closed. */
async function together<T extends readonly unknown[]>(
  parts: {
    readonly [K in keyof T]: Promise<T[K]>;
  },
): Promise<T> {
  await Promise.allSettled(parts);
  return (await Promise.all(parts)) as unknown as T;
}

async function openPlatform(manifests: string, log: Log, closers: Closers): Promise<Kept> {
  const platform = await keepPlatform(join(manifests, "platform.yaml"), {
    onBroken: (problem) => log.warn(problem),
  });
  closers.push(() => platform.close());
  return platform;
}

/** BullMQ and ioredis are read only where a fleet needs them. */
async function openDoorbell(
  config: Config,
  log: Log,
  troubled: (error: unknown, doing: string) => void,
): Promise<Doorbell> {
  if (config.mode !== "fleet") return inProcess();
  const { redisDoorbell } = await import("./engine/doorbell-redis.ts");
  return redisDoorbell({
    url: config.redis,
    away: (says) => (says ? log.warn(says) : log.info("Redis answers now.")),
    troubled: (error) => troubled(error, "ringing the doorbell"),
  });
}

interface SurfaceParts {
  readonly door: Door;
  readonly pages: ReturnType<typeof bus>;
  readonly log: Log;
  readonly mask: Mask;
  readonly closers: Closers;
  readonly microsoft: NonNullable<AppOptions["microsoft"]>;
  readonly slack: NonNullable<AppOptions["slack"]>;
}

/** Each chat's package is read only where that chat is connected. */
async function openSurfaces(config: Config, parts: SurfaceParts) {
  const { door, pages, log, mask, closers, microsoft } = parts;
  const surfaces: Surface[] = [consoleSurface(pages)];
  const mounts: { [route: string]: RequestListener } = {};
  if (config.mode === "local") return { surfaces, mounts };
  const saying = (surface: string) => {
    const child = log.child({ surface });
    return (level: "error" | "warn", text: string, err?: unknown) => child[level]({ err }, text);
  };
  if (config.slack !== undefined) {
    const { slack } = await import("./surfaces/slack/slack.ts");
    const more = { log: saying("slack"), mask: mask.data };
    const one = slack({ ...config.slack, ...parts.slack, ...more }, door);
    closers.push(() => one.close());
    surfaces.push(one);
    await one.start();
    mounts["POST /slack/events"] = one.requestListener;
  }
  if (config.teams !== undefined) {
    const { teams } = await import("./surfaces/teams/teams.ts");
    const { host } = config;
    const more = { log: saying("teams"), mask: mask.data };
    const one = teams({ ...config.teams, ...microsoft, host, ...more }, door);
    closers.push(() => one.close());
    surfaces.push(one);
    await one.start();
    mounts["POST /api/messages"] = one.requestListener;
  }
  return { surfaces, mounts };
}

/** At once, and then every few seconds: what a process left behind that stored an intent and died. */
function keepTakingUp(door: TheDoor, failed: (error: unknown) => void): () => void {
  let taking = false;
  const take = async (olderThan: number) => {
    if (taking) return;
    taking = true;
    await door.takeUp(olderThan).catch(failed);
    taking = false;
  };
  void take(0);
  const timer = setInterval(() => void take(takeUpAfter), takeUpEvery);
  timer.unref();
  return () => clearInterval(timer);
}
