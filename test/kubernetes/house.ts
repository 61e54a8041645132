/**
 * A whole Shipmate on a control plane, with people who talk with it at the console: a short manifest of one service,
 * staging (nobody has to approve) and production (an owner approves), each in a namespace of its own.
 */
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startShipmate } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { type Chat, chat, type Message } from "../../src/surfaces/cli/chat.ts";
import { type Person, person } from "../../src/surfaces/cli/person.ts";
import type { Kube } from "../kube.ts";
import type { Asker } from "../servers.ts";

export interface HouseOptions {
  /** Of the cluster in platform.yaml, besides the kubeconfig: `{ impersonate: {} }`. */
  readonly cluster?: object;
  /** Of the service's manifest, instead of three of web without a database. */
  readonly spec?: object;
  /** Services besides web, by name: what their manifests say. */
  readonly others?: { readonly [service: string]: object };
  /** How long a release may be stuck in production; until told, so long that a busy machine is no reason. */
  readonly patience?: string;
  readonly namespaces?: Namespaces;
}
export interface Namespaces {
  readonly staging: string;
  readonly production: string;
}

/** Folders for Shipmates that look at the same cluster. */
export interface Ground {
  readonly namespaces: Namespaces;
  readonly folder: string;
  /** What makes a Shipmate here, besides the folder in which it keeps its own. */
  readonly settings: { readonly SHIPMATE_MANIFESTS: string };
  /** Writes another patience for production; a Shipmate takes it up within a second or so, or when it starts. */
  patience(span: string): Promise<void>;
}

/** Writes platform.yaml and the manifests. Ends with the test. */
export async function ground(asker: Asker, kube: Kube, options: HouseOptions): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), "shipmate-house-"));
  asker.onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const namespaces = options.namespaces ?? {
    staging: await kube.namespace("staging"),
    production: await kube.namespace("production"),
  };
  const manifests = join(folder, "manifests");
  await mkdir(manifests);
  const services = { web: options.spec ?? { image: "web", replicas: 3 }, ...options.others };
  for (const [name, spec] of Object.entries(services))
    await writeFile(join(manifests, `${name}.yaml`), webService(name, spec));
  // JSON is YAML too.
  const patience = async (span?: string) => {
    const told = span === undefined ? options : { ...options, patience: span };
    const platform = platformOf(kube, namespaces, Object.keys(services), told);
    // In one go: half of a file is none.
    await writeFile(join(manifests, "platform.new"), JSON.stringify(platform));
    await rename(join(manifests, "platform.new"), join(manifests, "platform.yaml"));
  };
  await patience();
  return { namespaces, folder, settings: { SHIPMATE_MANIFESTS: manifests }, patience };
}

/** What a developer writes. */
export function webService(name: string, spec: object): string {
  const kind = { apiVersion: "platform.company.io/v1", kind: "WebService" };
  return JSON.stringify({ ...kind, metadata: { name }, spec });
}

function platformOf(
  kube: Kube,
  namespaces: Namespaces,
  services: readonly string[],
  { cluster = {}, patience = "60s" }: HouseOptions,
) {
  const { kubeconfig, context } = kube.as("admin");
  const at = (name: keyof Namespaces) => ({ cluster: "prod", namespace: namespaces[name] });
  return {
    people: { ada: { name: "Ada" }, grace: { name: "Grace" } },
    // As the control plane's own groups are called.
    teams: { developers: { members: ["ada", "grace"] }, platform: { members: ["grace"] } },
    services: Object.fromEntries(
      services.map((name) => [name, { owner: "developers", manifests: `manifests/${name}.yaml` }]),
    ),
    environments: {
      staging: { ...at("staging"), change: "everyone" },
      production: {
        ...at("production"),
        patience,
        approval: { from: "owners" },
        rollback: "pre-approved",
      },
    },
    clusters: {
      prod: {
        provider: "kubernetes",
        kubeconfig,
        ...(context !== undefined && { context }),
        ...cluster,
      },
    },
  };
}

export interface Talk {
  readonly ada: Person;
  readonly grace: Person;
  /** As ada sees it. */
  readonly channel: Chat;
  /** Ada asks and grace approves; gives the card's id. */
  deploys(version: string, service?: string): Promise<string>;
  /** Waits until the card shows this, anywhere in its words; throws where it ends without. */
  shows(id: string, words: RegExp): Promise<Message>;
  /** Every sentence and state that the card had while one waited for it, in order. */
  heard(id: string): readonly string[];
  /** Waits until the run's card says that it has ended. */
  ends(id: string): Promise<Message>;
}

const silent = { say: () => {}, show: () => {} };
const over = /^(Succeeded|Taken back|Refused|Cancelled|Expired|Rejected|Abandoned|Nothing to do)/;

/** `patience` in milliseconds. */
export function talk(url: string, patience = 240_000, room = "general"): Talk {
  const asking = { url, channel: room, patience: 120_000 };
  const [ada, grace] = [person("ada", asking, silent), person("grace", asking, silent)];
  const channel = chat("ada", { ...asking, patience });
  const heard = new Map<string, string[]>();
  const hear = (message: Message) => {
    const all = heard.get(message.id) ?? [];
    heard.set(message.id, all);
    const told = wordsOf(message);
    if (all.at(-1) !== told) all.push(told);
  };
  const isOver = (message: Message) => over.test(message.card?.state?.word ?? "");
  return {
    ...{ ada, grace, channel },
    async deploys(version, service = "web") {
      const what = `${service} ${version} to production`;
      const id = await ada.asks(`deploy ${what}`, `Deploy ${what}`);
      await grace.presses(await grace.sees(id, "Waiting for approval"), "Approve");
      return id;
    },
    async shows(id, words) {
      const has = (message: Message) =>
        message.id === id && (words.test(wordsOf(message)) || isOver(message));
      const message = await channel.until(`${words}`, has, hear);
      if (words.test(wordsOf(message))) return message;
      throw new Error(`${words} was expected, and the card ended so: ${wordsOf(message)}`);
    },
    heard: (id) => heard.get(id) ?? [],
    ends: (id) =>
      channel.until("the run's end", (message) => message.id === id && isOver(message), hear),
  };
}

/** The state and all that a card says of itself, in one text. */
export function wordsOf({ card }: Message): string {
  const changes = card?.changes?.map(({ what, from, to }) => `${what}: ${from} → ${to}`) ?? [];
  return [`${card?.state?.word}.`, card?.says, ...changes].filter(Boolean).join(" ");
}

/** A Shipmate of this process on the ground. `trouble` gets what it logs from warnings on. */
export async function house(asker: Asker, kube: Kube, options: HouseOptions = {}) {
  const place = await ground(asker, kube, options);
  const config = readConfig({
    ...place.settings,
    SHIPMATE_HOME: join(place.folder, "home"),
    PORT: "0",
    LOG_LEVEL: "silent",
  });
  const shipmate = await startShipmate(config);
  asker.onTestFinished(() => shipmate.close());
  return { ...place, url: shipmate.url, ...talk(shipmate.url) };
}

/** What was done to the deployment of a service by no controller, by the verb and subresource. */
export async function deploymentWrites(
  kube: Kube,
  namespace: string,
  name = "web",
): Promise<readonly string[]> {
  const all = await kube.effects({ namespace, resource: "deployments", name });
  return all
    .filter(({ user }) => !user.startsWith("system:"))
    .map(({ verb, subresource }) => (subresource ? `${verb} ${subresource}` : verb));
}
