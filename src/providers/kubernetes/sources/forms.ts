/** The forms that a service's manifests may have: a WebService, plain YAML, a Kustomization, a Helm chart. */
import { refuse } from "../../../core/refusal.ts";
import { expandWebService, parseWebService } from "../../../expand/webservice.ts";
import type { EnvironmentEntry, ServiceEntry } from "../../../platform/schema.ts";
import { Helm } from "../../../platform/schema.ts";
import { type Found, namesIn } from "./folder.ts";
import { charted, isChart } from "./helm.ts";
import { isKustomization, kustomized } from "./kustomize.ts";
import { forVersion, type Split, split } from "./migration.ts";
import { objectsIn, objectsOf } from "./objects.ts";
import { isYaml, plainDocuments } from "./plain.ts";
import type { Rendering } from "./rendering.ts";
import { withVersion } from "./version.ts";

/** A version of a service somewhere, and what platform.yaml says of both. */
export interface At {
  readonly service: string;
  readonly environment: string;
  readonly namespace: string;
  readonly version: string;
  readonly entry: ReturnType<typeof ServiceEntry.parse>;
  readonly settings: ReturnType<typeof EnvironmentEntry.parse>["web"];
}

/** What was made of them, and the image whose tag is the version. The migration has a name for this version alone. */
export type Made = Split & { readonly image: string };

export async function made(
  found: Found,
  at: At,
  rendering: Rendering,
  signal: AbortSignal,
): Promise<Made> {
  const { service, version, entry } = at;
  const names = found.folder ? await namesIn(found) : [];
  if (isChart(names)) {
    const helm = entry.helm ?? Helm.parse({});
    const chart = await charted(found, { ...at, helm }, rendering, signal);
    return named(chart, version);
  }
  if (isKustomization(names)) {
    const text = await kustomized(found, service, rendering, signal);
    return ordinary(objectsIn(text, `The Kustomization of ${service}`), at);
  }
  if (found.folder && !names.some(isYaml))
    refuse(
      `${found.name}, which services.${service}.manifests in platform.yaml names, has no manifests: put YAML, a kustomization.yaml or a Chart.yaml there.`,
    );
  const documents = await plainDocuments(rendering.root, found);
  const [web, ...more] = documents.filter(isWebService);
  if (web === undefined) return ordinary(objectsOf(documents, found.name), at);
  if (more.length > 0)
    refuse(
      `${found.name} has more than one WebService: name the file of one as services.${service}.manifests in platform.yaml.`,
    );
  const manifest = parseWebService(web, found.name);
  const { objects, migration, image } = expandWebService(manifest, at);
  const beside = objectsOf(
    documents.filter((data) => data !== web),
    found.name,
  );
  return {
    objects: [...objects, ...beside],
    ...(migration && { migration }),
    image,
  };
}

function ordinary(objects: ReturnType<typeof objectsOf>, at: At): Made {
  const { image, objects: all } = withVersion(objects, at, at.entry.image);
  return named({ ...split(all, at.service), image }, at.version);
}

function named(made: Made, version: string): Made {
  return made.migration ? { ...made, migration: forVersion(made.migration, version) } : made;
}

const isWebService = (data: unknown): boolean =>
  typeof data === "object" && data !== null && "kind" in data && data.kind === "WebService";
