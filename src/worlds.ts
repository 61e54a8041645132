/** The worlds in which services run, opened as far as platform.yaml names them, and which of them serves what. */
import { dirname, join } from "node:path";
import { z } from "zod";
import type { Json } from "./core/operation.ts";
import type { Provider } from "./core/provider.ts";
import { refuse } from "./core/refusal.ts";
import type { Server } from "./engine/operations.ts";
import type { Log } from "./observe/log.ts";
import type { Kept } from "./platform/keep.ts";
import { own } from "./platform/own.ts";
import type { Platform } from "./platform/schema.ts";
import type { Kubernetes } from "./providers/kubernetes/kubernetes.ts";
import { type Local, local } from "./providers/local/local.ts";
import type { clusters } from "./roles/clusters.ts";

/** Where services can run, as far as platform.yaml names something of the kind. */
export interface Worlds {
  readonly local?: Local;
  readonly kubernetes?: Kubernetes;
}
export interface WorldParts {
  /** The folder of platform.yaml. */
  readonly folder: string;
  /** Where the local world keeps its files. */
  readonly home: string;
  readonly kubeconfig: string | undefined;
  readonly platform: Kept;
  readonly log: Log;
  /** Gets what closes each world. */
  readonly closers: (() => Promise<void> | void)[];
  /** Whether the local world's services end with it. */
  readonly stop: boolean;
}

/** Opens each kind of world that platform.yaml names at the start. */
export async function openWorlds(parts: WorldParts): Promise<Worlds> {
  const { folder, home, kubeconfig, platform, log, closers, stop } = parts;
  const kinds = new Set(Object.values(platform.current().clusters).map((one) => one.provider));
  const says = (text: string) => log.info(text);
  const worlds: { -readonly [K in keyof Worlds]: Worlds[K] } = {};
  if (kinds.has("local")) {
    const samples = join(folder, "samples");
    const world = await local({ folder: join(home, "local"), samples, log: says });
    closers.push(() => world.close({ stop }));
    worlds.local = world;
  }
  if (kinds.has("kubernetes")) {
    // Read only where a cluster is named: the client takes a third of a second.
    const { kubernetes } = await import("./providers/kubernetes/kubernetes.ts");
    const world = kubernetes({
      ...{ platform: platform.current, folder: dirname(folder), log: says },
      ...(kubeconfig !== undefined && { kubeconfig }),
    });
    closers.push(() => world.close());
    worlds.kubernetes = world;
  }
  return worlds;
}

const About = z.object({ service: z.string().optional(), environment: z.string().optional() });

/** The environment's cluster; where no environment is named, whoever knows the service. */
export function serverOf(
  platform: Platform,
  worlds: Worlds,
  input: Json,
): Server<Provider<typeof clusters>> {
  const { service = "", environment } = About.parse(input);
  const entry = environment === undefined ? undefined : own(platform.environments, environment);
  if (environment !== undefined && entry === undefined)
    refuse(`There is no environment "${environment}" in platform.yaml.`);
  const name = entry?.cluster ?? "";
  const isKubernetes = entry
    ? own(platform.clusters, name)?.provider === "kubernetes"
    : own(platform.services, service)?.manifests !== undefined || worlds.local === undefined;
  const world = isKubernetes ? worlds.kubernetes : worlds.local;
  if (world === undefined)
    refuse(`${name || service} came into platform.yaml after Shipmate's start: start it again.`);
  return { name: name || (isKubernetes ? "kubernetes" : "local"), provider: world.clusters };
}
