/** The sample services: a folder a service, in it a folder a version, in it `main.mjs`. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { refuse } from "../../core/refusal.ts";
import { Version } from "../../roles/clusters.ts";
import { Environment, Service } from "../../roles/directory.ts";

export interface Samples {
  /** Refuses names that are not safe in a path. */
  at(place: { readonly service: string; readonly environment: string }): void;
  /** The newest first. Refuses an unknown service. */
  versions(service: string): readonly string[];
  /** What to run. Refuses what there is not, and says what there is. */
  main(service: string, version: string): string;
}

export function samplesIn(folder: string): Samples {
  const services = () => folders(folder).filter((name) => Service.safeParse(name).success);
  const versions = (service: string): readonly string[] => {
    const all = services();
    if (!all.includes(service))
      refuse(`There is no sample service "${service}". There is ${list(all)}.`);
    return folders(join(folder, service))
      .filter((name) => Version.safeParse(name).success)
      .filter((name) => existsSync(join(folder, service, name, "main.mjs")))
      .sort(byVersion)
      .reverse();
  };
  return {
    versions,
    at({ service, environment }) {
      if (!Service.safeParse(service).success)
        refuse("A service's name has lower-case letters, digits and hyphens only.");
      if (!Environment.safeParse(environment).success)
        refuse("An environment's name has lower-case letters, digits and hyphens only.");
    },
    main(service, version) {
      const all = versions(service);
      if (!all.includes(version))
        refuse(`There is no version ${shown(version)} of ${service}. There is ${list(all)}.`);
      return join(folder, service, version, "main.mjs");
    },
  };
}

/** Orders `1.9.0` before `1.10.0`, and `1.0.0-rc.1` before `1.0.0`. */
export function byVersion(a: string, b: string): number {
  const [coreA = "", preA] = cut(a);
  const [coreB = "", preB] = cut(b);
  const order = coreA.localeCompare(coreB, "en", { numeric: true });
  if (order !== 0 || preA === preB) return order;
  if (preA === undefined) return 1;
  if (preB === undefined) return -1;
  return preA.localeCompare(preB, "en", { numeric: true });
}

function cut(version: string): readonly (string | undefined)[] {
  const at = version.indexOf("-");
  return at < 0 ? [version] : [version.slice(0, at), version.slice(at + 1)];
}

function folders(path: string): readonly string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

function list(names: readonly string[]): string {
  if (names.length === 0) return "none yet";
  if (names.length === 1) return names[0] ?? "";
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

const shown = (text: string): string => (Version.safeParse(text).success ? text : "by that name");
