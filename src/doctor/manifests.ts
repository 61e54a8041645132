/** Looks at platform.yaml, at what it names, and at the programs that are needed for it. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { faultText } from "../engine/faults.ts";
import { loadPlatform, ManifestError } from "../platform/load.ts";
import type { Platform } from "../platform/schema.ts";
import { tools } from "../providers/kubernetes/sources/tool.ts";
import { about, type Finding } from "./finding.ts";

const manifests = about("Manifests");
const programs = about("Tools");

/** With the platform, where the file is good. */
export async function lookAtManifests(
  folder: string,
): Promise<{ readonly findings: readonly Finding[]; readonly platform?: Platform }> {
  const { good, wrong } = manifests;
  try {
    const platform = await loadPlatform(join(folder, "platform.yaml"));
    const count = (of: object, name: string) => {
      const { length } = Object.keys(of);
      return `${length} ${name}${length === 1 ? "" : "s"}`;
    };
    const { services, environments, clusters } = platform;
    const all = `${count(services, "service")}, ${count(environments, "environment")} and ${count(clusters, "cluster")}`;
    const absent = Object.entries(services).flatMap(([name, { manifests: path }]) =>
      path === undefined || existsSync(resolve(folder, "..", path))
        ? []
        : [
            wrong(
              `There is no ${path}: put the manifests of ${name} there, or correct platform.yaml.`,
            ),
          ],
    );
    return { findings: [good(`platform.yaml is right: ${all}.`), ...absent], platform };
  } catch (error) {
    if (error instanceof ManifestError)
      return {
        findings: error.mistakes.map(({ line, says }) =>
          wrong(`platform.yaml line ${line}: ${says}`),
        ),
      };
    return {
      findings: [
        wrong(
          `${join(folder, "platform.yaml")} can't be read (${faultText(error)}): put it there, or set SHIPMATE_MANIFESTS.`,
        ),
      ],
    };
  }
}

/** `path`: folders to look in before the usual ones; for tests. */
export async function lookAtTools(
  platform: Platform,
  folder: string,
  find: (...names: readonly string[]) => Promise<string | undefined> = tools({}).find,
): Promise<readonly Finding[]> {
  const { good, note, wrong } = programs;
  const needs = (file: string) =>
    Object.entries(platform.services).flatMap(([name, { manifests: path }]) =>
      path !== undefined && existsSync(join(resolve(folder, "..", path), file)) ? [name] : [],
    );
  const charts = needs("Chart.yaml");
  const layers = needs("kustomization.yaml");
  const [helm, kustomize, kubectl] = await Promise.all([
    find("helm"),
    find("kustomize", "kubectl"),
    find("kubectl"),
  ]);
  return [
    helm !== undefined
      ? good(`helm is ${helm}.`)
      : charts.length === 0
        ? note("helm is not here, and no service needs it.")
        : wrong(
            `helm is not here and ${charts.join(", ")} can't be rendered: install it, see https://helm.sh.`,
          ),
    kustomize !== undefined
      ? good(`kustomize is ${kustomize}.`)
      : layers.length === 0
        ? note("kustomize is not here, and no service needs it.")
        : wrong(
            `kustomize is not here and ${layers.join(", ")} can't be rendered: install it, see https://kustomize.io.`,
          ),
    kubectl !== undefined
      ? good(`kubectl is ${kubectl}.`)
      : note("kubectl is not here; only people need it, to look for themselves."),
  ];
}
