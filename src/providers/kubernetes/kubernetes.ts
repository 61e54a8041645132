/** The role clusters on Kubernetes: every environment of platform.yaml whose cluster is one, each with its namespace. */
import { resolve } from "node:path";
import { canonical } from "../../core/plan.ts";
import type { Provider } from "../../core/provider.ts";
import { refuse } from "../../core/refusal.ts";
import { milliseconds } from "../../core/time.ts";
import { listed } from "../../core/words.ts";
import { own } from "../../platform/own.ts";
import type { KubernetesCluster, Platform } from "../../platform/schema.ts";
import type { clusters } from "../../roles/clusters.ts";
import { confined } from "./api/confined.ts";
import { type Connection, connect } from "./api/connection.ts";
import { type Watches, watches } from "./api/watch.ts";
import { adopt } from "./carry/adopt.ts";
import { disown } from "./carry/disown.ts";
import { migrate, migration, takes } from "./carry/migrate.ts";
import { records as recordsOf } from "./carry/records.ts";
import { release } from "./carry/release.ts";
import { remove } from "./carry/remove.ts";
import { restart } from "./carry/restart.ts";
import { scale } from "./carry/scale.ts";
import { allowed } from "./look/allowed.ts";
import { content } from "./look/content.ts";
import { events } from "./look/events.ts";
import { history } from "./look/history.ts";
import { judge } from "./look/judge.ts";
import { logs } from "./look/logs.ts";
import { rollout } from "./look/rollout.ts";
import { running } from "./look/running.ts";
import { sources } from "./sources/source.ts";
import type { Cluster, Spot } from "./types.ts";

export interface KubernetesOptions {
  readonly platform: () => Platform;
  /** What kubeconfigs and services' manifests are named from: the folder in which `manifests/` is. */
  readonly folder: string;
  /** The kubeconfig for clusters that name none. */
  readonly kubeconfig?: string;
  /** A folder of tools that goes before PATH: kustomize, kubectl, helm. */
  readonly tools?: string;
  readonly log?: (says: string) => void;
  readonly now?: () => number;
}
export interface Kubernetes {
  readonly clusters: Provider<typeof clusters>;
  /** For how long the most silent cluster's watch has told nothing, in milliseconds; undefined: none was asked yet. */
  silence(): number | undefined;
  close(): Promise<void>;
}

/** One cluster as it is connected, for as long as platform.yaml says the same about it. */
interface Connected {
  readonly entry: string;
  readonly cluster: Connection;
  readonly as: (person: string | undefined) => Cluster;
  readonly watches: Watches;
}

export function kubernetes(options: KubernetesOptions): Kubernetes {
  const { platform, folder, log = () => {}, now = Date.now } = options;
  const connections = new Map<string, Connected>();

  function connected(name: string, entry: KubernetesCluster): Connected {
    const entryText = canonical(entry);
    const known = connections.get(name);
    if (known?.entry === entryText) return known;
    if (known) void close(known);
    const kubeconfig = entry.kubeconfig ? resolve(folder, entry.kubeconfig) : options.kubeconfig;
    const { context, inside, impersonate } = entry;
    const to = {
      ...{ name, inside },
      ...(kubeconfig !== undefined && { kubeconfig }),
      ...(context !== undefined && { context }),
    };
    const cluster = connect(to);
    const fresh: Connected = {
      ...{ entry: entryText, cluster },
      watches: watches({ cluster, log }),
      as(person) {
        if (impersonate === undefined) return cluster;
        if (person === undefined) throw new Error(`asking ${name}: it is not known for whom`);
        return cluster.as(identityOf(platform(), impersonate, person));
      },
    };
    connections.set(name, fresh);
    return fresh;
  }

  function spotOf({ service, environment }: At): Spot {
    const { environments, clusters, services } = platform();
    const entry = own(environments, environment);
    if (!entry) refuse(`There is no environment "${environment}" in platform.yaml.`);
    if (!own(services, service)) {
      const all = Object.keys(services);
      const there = `There ${all.length === 1 ? "is" : "are"} ${listed(all, "and", 10)}.`;
      refuse(`There is no service "${service}" in platform.yaml. ${there}`);
    }
    const cluster = own(clusters, entry.cluster);
    if (cluster?.provider !== "kubernetes")
      refuse(`${environment} is not on a Kubernetes cluster in platform.yaml.`);
    const { cluster: api, watches: all, as } = connected(entry.cluster, cluster);
    const namespace = entry.namespace ?? environment;
    return {
      ...{ service, environment, namespace, own: confined(api, namespace) },
      as: (person) => confined(as(person), namespace),
      watched: all.of(namespace),
    };
  }

  /** Whether people act with their own rights there. */
  function actsAs({ environment }: At): boolean {
    const { environments, clusters } = platform();
    const cluster = own(clusters, own(environments, environment)?.cluster ?? "");
    return cluster?.provider === "kubernetes" && cluster.impersonate !== undefined;
  }

  const records = recordsOf(now);
  const source = sources({
    ...{ platform, folder },
    ...(options.tools !== undefined && { tools: options.tools }),
  });
  const patience = (environment: string): number =>
    milliseconds(own(platform().environments, environment)?.patience ?? "40s");
  const reading = { spotOf, records, patience, now };
  const deck = { spotOf, source, records, now, judge: judge(reading) };
  const asking = {
    spotOf,
    theirs: (at: At, person: string | undefined) =>
      actsAs(at) ? spotOf(at).as(person) : undefined,
  };
  return {
    clusters: {
      release: release(deck),
      remove: remove(deck),
      restart: restart(deck),
      scale: scale(deck),
      adopt: adopt(deck),
      disown: disown(deck),
      migrate: migrate(deck),
      takes: takes(deck),
      migration: migration(deck),
      rollout: rollout(reading),
      running: allowed(asking, { resource: "pods" }, running(reading)),
      history: allowed(asking, { group: "apps", resource: "deployments" }, history(reading)),
      logs: logs(reading),
      events: allowed(asking, { resource: "events" }, events(reading)),
      content: content(reading),
      versions: ({ service }, signal) => source.versions(service, signal).then((all) => [...all]),
    },
    silence() {
      if (connections.size === 0) return undefined;
      const silent = [...connections.values()].flatMap(({ watches: all }) => all.stale() ?? []);
      return Math.max(0, ...silent.map(({ since }) => now() - since));
    },
    async close() {
      for (const connection of connections.values()) await close(connection);
    },
  };
}

async function close({ watches: all, cluster }: Connected): Promise<void> {
  await all.close();
  cluster.close();
}

interface At {
  readonly service: string;
  readonly environment: string;
}

/** Who a person is for the API server: a user, and a group for each of their teams. */
function identityOf(
  { teams }: Platform,
  { user, group }: NonNullable<KubernetesCluster["impersonate"]>,
  person: string,
): { readonly user: string; readonly groups: readonly string[] } {
  const own = Object.keys(teams).filter((team) => teams[team]?.members.includes(person));
  return {
    user: user.replaceAll("{person}", person),
    groups: own.map((team) => group.replaceAll("{team}", team)),
  };
}
