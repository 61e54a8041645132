/** A whole Shipmate for the scenarios, with any number of chats around it. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AppOptions, startShipmate } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import type { Chat } from "./talker.ts";
import { type World, world } from "./world.ts";

const project = join(import.meta.dirname, "../..");

export interface Town {
  readonly world: World;
  readonly url: string;
  /** Of each replica, the first one's too. */
  readonly urls: readonly string[];
  close(): Promise<void>;
}

/** What a town has to know of a chat. */
type Connected = Pick<Chat, "surface" | "settings" | "account" | "close"> &
  Partial<Pick<Chat, "connect">>;

export const people = ["ada", "grace", "linus", "barbara", "mallory"] as const;

/**
 * Production asks one of payments (Ada, Grace, Linus), vault two of security (Grace, Linus, Barbara), staging
 * nobody; Mallory is in no team. `web` really runs, on this machine; all other services are in memory.
 */
export async function town(
  chats: readonly Connected[],
  services: readonly string[],
  {
    rooms = {},
    replicas = 1,
    database,
    ...more
  }: {
    /** So many processes' worth of Shipmates, in this one. */
    readonly replicas?: number;
    /** The PostgreSQL that they share. */
    readonly database?: string;
    /** Where a service's runs are shown too. */
    readonly rooms?: { readonly [service: string]: readonly string[] };
  } & Partial<AppOptions> = {},
): Promise<Town> {
  const home = await mkdtemp(join(tmpdir(), "shipmate-town-"));
  const manifests = join(home, "root/manifests");
  await mkdir(manifests, { recursive: true });
  for (const name of ["commands", "workflows", "manifests/samples"])
    await symlink(join(project, name), join(home, "root", name));
  await writeFile(join(manifests, "platform.yaml"), platform(chats, services, rooms));
  const it = world();
  const memory = new Set(services.filter((service) => service !== "web"));
  const settings = Object.assign({}, ...chats.map((chat) => chat.settings));
  const start = (name: string) =>
    startShipmate(
      readConfig({
        ...{
          SHIPMATE_HOME: join(home, name),
          DATABASE_URL: database,
          PORT: "0",
          LOG_LEVEL: process.env["SHIPMATE_TEST_LOG"] ?? "silent",
          ...settings,
        },
      }),
      {
        root: join(home, "root"),
        stopServices: true,
        world: (input) => (memory.has(serviceIn(input)) ? it.clusters : undefined),
        // All scenarios share one workspace: what Slack really takes would have them wait for each other.
        slack: { budgets: [{ of: "posts", per: "channel", most: 5, every: 1_000 }] },
        ...more,
      },
    );
  const shipmates = [await start("data")];
  const urls = () => shipmates.map(({ url }) => url);
  for (let at = 1; at < replicas; at += 1) shipmates.push(await start(`data-${at}`));
  const [url = ""] = urls();
  for (const chat of chats) chat.connect?.(url);
  return {
    world: it,
    url,
    urls: urls(),
    async close() {
      await Promise.all(shipmates.map((one) => one.close()));
      await Promise.all(chats.map((chat) => chat.close()));
      await rm(home, { recursive: true, force: true });
    },
  };
}

function serviceIn(input: unknown): string {
  return String((input as { readonly service?: unknown }).service ?? "");
}

function platform(
  chats: readonly Connected[],
  services: readonly string[],
  rooms: { readonly [service: string]: readonly string[] },
): string {
  const accounts = (person: string) =>
    Object.fromEntries(
      chats.flatMap((chat) => {
        const account = chat.account(person);
        return account === undefined ? [] : [[chat.surface, account]];
      }),
    );
  const named = (person: string) => `${person.charAt(0).toUpperCase()}${person.slice(1)}`;
  const owned = services.map((service) => [
    service,
    { owner: "payments", rooms: rooms[service] ?? [] },
  ]);
  // JSON is YAML, too.
  return JSON.stringify({
    people: Object.fromEntries(
      people.map((person) => [person, { name: named(person), accounts: accounts(person) }]),
    ),
    teams: {
      payments: { members: ["ada", "grace", "linus"] },
      security: { members: ["grace", "linus", "barbara"] },
    },
    services: Object.fromEntries(owned),
    environments: {
      staging: { cluster: "local", change: "everyone", rollback: "pre-approved" },
      production: {
        ...{ cluster: "local", approval: { from: "owners", expires: "4h" } },
        rollback: "pre-approved",
      },
      vault: {
        ...{ cluster: "local", change: "everyone" },
        approval: { from: "security", count: 2, expires: "30m" },
      },
    },
    clusters: { local: { provider: "local" } },
  });
}
