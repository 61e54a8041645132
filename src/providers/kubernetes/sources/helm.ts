/** A folder with a Helm chart, rendered by helm itself: only its templates, never its cluster or its repositories. */
import { refuse } from "../../../core/refusal.ts";
import { listed } from "../../../core/words.ts";
import type { KubeObject } from "../../../expand/object.ts";
import { namesSecret } from "../../../observe/patterns.ts";
import { line } from "../../../observe/text.ts";
import type { Helm } from "../../../platform/schema.ts";
import { type Found, fingerprint, textOf, within } from "./folder.ts";
import { imagesOf } from "./images.ts";
import { type Split, split } from "./migration.ts";
import { called, objectsIn } from "./objects.ts";
import { reference } from "./reference.ts";
import type { Rendering } from "./rendering.ts";
import { documents } from "./yaml.ts";

type HelmSettings = ReturnType<typeof Helm.parse>;

export const isChart = (names: readonly string[]): boolean => names.includes("Chart.yaml");

export interface ChartAt {
  readonly service: string;
  readonly environment: string;
  readonly namespace: string;
  readonly version: string;
  readonly helm: HelmSettings;
}

/**
 * The chart's objects for a version, and the image that has it. Of hooks, one Job before an install or upgrade is the
 * migration and tests are left out; any other is refused, since nothing here would run it.
 */
export async function charted(
  chart: Found,
  at: ChartAt,
  rendering: Rendering,
  signal: AbortSignal,
): Promise<Split & { readonly image: string }> {
  const text = await templated(chart, at, rendering, signal);
  const objects = objectsIn(text, `The chart of ${at.service}`);
  const image = imagesOf(objects)
    .map(reference)
    .find((image) => image?.tag === at.version);
  if (!image)
    refuse(
      `The chart of ${at.service} has no image with the tag ${at.version} when its value ${line(at.helm.version, 60)} is ${at.version}: set services.${at.service}.helm.version in platform.yaml to the value that is the tag.`,
    );
  return { ...withoutHooks(objects, at.service), image: image.name };
}

async function templated(
  chart: Found,
  { service, environment, namespace, version, helm }: ChartAt,
  { root, tools, remembered }: Rendering,
  signal: AbortSignal,
): Promise<string> {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}$/.test(helm.version))
    refuse(`services.${service}.helm.version in platform.yaml is not the name of a value.`);
  const values: Found[] = [];
  for (const name of helm.values) {
    const path = name.replaceAll("{environment}", environment);
    const file = await within(root, path, `services.${service}.helm.values`, chart.path);
    if (file && !file.folder) values.push(file);
  }
  const args = [
    ...["template", "--namespace", namespace],
    ...values.flatMap(({ path }) => ["--values", path]),
    ...["--set-string", `${helm.version}=${version}`, "--", service, chart.path],
  ];
  const texts = await Promise.all(values.map(textOf));
  const prints = await fingerprint(root, chart);
  return remembered([...args, ...texts, prints], async () => {
    const program = await tools.find("helm");
    if (program === undefined)
      return refuse(
        `The manifests of ${service} are a Helm chart, and helm is not installed where Shipmate runs: install it.`,
      );
    const own = await within(root, "values.yaml", chart.name, chart.path);
    const all = own && !own.folder ? [...texts, await textOf(own)] : texts;
    const secrets = all.flatMap((text) =>
      documents(text, chart.name).flatMap((data) => secretsOf(data)),
    );
    return tools.run(program, args, { what: `rendering the chart of ${service}`, secrets, signal });
  });
}

/** Values under names such as `password`: a chart may print them when it fails. */
function secretsOf(data: unknown, named = false): readonly string[] {
  if (typeof data === "string" || typeof data === "number") return named ? [String(data)] : [];
  if (typeof data !== "object" || data === null) return [];
  return Object.entries(data).flatMap(([name, value]) =>
    secretsOf(value, named || namesSecret(name)),
  );
}

const hook = "helm.sh/hook";
const before = ["pre-install", "pre-upgrade"];
const tests = ["test", "test-success", "test-failure"];

function withoutHooks(objects: readonly KubeObject[], service: string): Split {
  const hooks = (object: KubeObject) =>
    (object.metadata.annotations?.[hook] ?? "").split(",").flatMap((name) => name.trim() || []);
  const kept = objects.filter((object) => !hooks(object).some((name) => tests.includes(name)));
  const isMigration = (object: KubeObject) =>
    object.kind === "Job" &&
    hooks(object).length > 0 &&
    hooks(object).every((name) => before.includes(name));
  const foreign = kept.filter((object) => hooks(object).length > 0 && !isMigration(object));
  if (foreign.length > 0) {
    const what = foreign.map(
      (object) => `${called(object)} (${line(hooks(object).join(", "), 60)})`,
    );
    refuse(
      `The chart of ${service} has hooks that would not run here: ${listed(what, "and", 3)}. Only one Job before an install or upgrade can be a hook; make the others ordinary templates, or take them out.`,
    );
  }
  const { migration, ...rest } = split(kept, service, isMigration);
  return migration ? { ...rest, migration: plainJob(migration) } : rest;
}

/** Without what only Helm reads. */
function plainJob(job: KubeObject): KubeObject {
  const annotations = Object.entries(job.metadata.annotations ?? {}).filter(
    ([name]) => !name.startsWith(hook),
  );
  return { ...job, metadata: { ...job.metadata, annotations: Object.fromEntries(annotations) } };
}
