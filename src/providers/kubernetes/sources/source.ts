/** Where a service's objects come from: the manifests that platform.yaml names, with a version, a namespace and digests. */
import { nearest } from "../../../core/nearest.ts";
import { refuse } from "../../../core/refusal.ts";
import { listed, quoted } from "../../../core/words.ts";
import { line } from "../../../observe/text.ts";
import { own } from "../../../platform/own.ts";
import type { Platform } from "../../../platform/schema.ts";
import { Version } from "../../../roles/clusters.ts";
import { Environment } from "../../../roles/directory.ts";
import type { Source } from "../types.ts";
import { type Found, within } from "./folder.ts";
import { type At, made } from "./forms.ts";
import { versionsAmong, withDigests } from "./pins.ts";
import { reference } from "./reference.ts";
import { registries as registriesOf } from "./registry.ts";
import type { Fetch } from "./registry-client.ts";
import { memory } from "./rendering.ts";
import { scoped } from "./scope.ts";
import { settled } from "./settled.ts";
import { tools as toolsIn } from "./tool.ts";

export interface SourceOptions {
  readonly platform: () => Platform;
  /** The project's folder, where services' manifests are. */
  readonly folder: string;
  /** Folders of kustomize, kubectl and helm that go before the usual ones, as PATH has them. */
  readonly tools?: string;
  readonly fetch?: Fetch;
}

/** Versions that are offered at most. */
const offered = 100;

export function sources({
  platform,
  folder,
  tools,
  fetch = globalThis.fetch,
}: SourceOptions): Source {
  const registries = registriesOf({ platform, fetch });
  const rendering = { root: folder, tools: toolsIn({ path: tools }), remembered: memory() };

  const entryOf = (service: string): At["entry"] => {
    const { services } = platform();
    return own(services, service) ?? unknown(service, Object.keys(services));
  };
  /** The service's manifests there; undefined where there are none. */
  const manifests = (service: string, environment: string): Promise<Found | undefined> => {
    const path = entryOf(service).manifests;
    if (path === undefined)
      return refuse(
        `What ${service} is on a cluster is not said: set services.${service}.manifests in platform.yaml to its file or folder.`,
      );
    const says = `services.${service}.manifests in platform.yaml`;
    return within(folder, path.replaceAll("{environment}", environment), says);
  };
  const make = (at: Omit<At, "entry" | "settings">, found: Found, signal: AbortSignal) => {
    const settings = own(platform().environments, at.environment)?.web;
    return made(found, { ...at, entry: entryOf(at.service), settings }, rendering, signal);
  };

  return {
    async render(at, pinned, signal) {
      const { service, environment, version } = at;
      const entry = entryOf(service);
      if (!Version.safeParse(version).success)
        refuse("A version has letters, digits, dots, hyphens and underscores only.");
      if (!Environment.safeParse(environment).success)
        refuse("An environment's name has lower-case letters, digits and hyphens only.");
      const found =
        (await manifests(service, environment)) ??
        refuse(
          `There is no ${line(entry.manifests ?? "", 120).replaceAll("{environment}", environment)}, which services.${service}.manifests in platform.yaml names.`,
        );
      const { objects, migration, image } = await make(at, found, signal);
      const placed = settled(scoped(migration ? [...objects, migration] : objects, at));
      const done = await withDigests(placed, { ...at, image }, pinned ?? {}, registries, signal);
      const job = migration && done.objects.at(-1);
      return {
        objects: job ? done.objects.slice(0, -1) : done.objects,
        ...(job && { migration: job }),
        pins: done.pins,
      };
    },

    async versions(service, signal) {
      const { image } = entryOf(service);
      const images = image === undefined ? await imagesOf(service, signal) : [image];
      const named = images.map(reference).filter((one) => one !== undefined);
      const found = await Promise.all(
        named.map(async (one) => ({ of: one, tags: (await registries.tags(one, signal)) ?? [] })),
      );
      const hintOf = (tag: string) =>
        listed([...new Set(found.flatMap(({ of, tags }) => (tags.includes(tag) ? of.host : [])))]);
      return versionsAmong([...new Set(found.flatMap(({ tags }) => tags))])
        .slice(0, offered)
        .map((value) => ({ value, hint: hintOf(value) }));
    },
  };

  /** What its manifests say in each environment that has some. */
  async function imagesOf(service: string, signal: AbortSignal): Promise<readonly string[]> {
    if (entryOf(service).manifests === undefined) return [];
    const images = await Promise.all(
      Object.entries(platform().environments).map(
        async ([environment, { namespace = environment }]) => {
          const found = await manifests(service, environment);
          const at = { service, environment, namespace, version: "0.0.0" };
          return found && (await make(at, found, signal)).image;
        },
      ),
    );
    return [...new Set(images.filter((image) => image !== undefined))];
  }
}

function unknown(service: string, all: readonly string[]): never {
  const near = nearest(service, all);
  const others = all.filter((name) => !near.includes(name));
  const there = all.length === 0 ? "none yet" : listed([...near, ...others], "and", 10);
  return refuse(`There is no service ${quoted(line(service))}. There is ${there}.`);
}
