/** A folder with a Kustomization, rendered by kustomize itself; all that it names lies within the project. */
import { z } from "zod";
import { refuse } from "../../../core/refusal.ts";
import { quoted } from "../../../core/words.ts";
import { line } from "../../../observe/text.ts";
import { type Found, fingerprint, namesIn, textOf, within } from "./folder.ts";
import type { Rendering } from "./rendering.ts";
import { documents } from "./yaml.ts";

const files = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

export const isKustomization = (names: readonly string[]): boolean =>
  names.some((name) => files.includes(name));

/** What kustomize prints. Refuses what would be fetched from elsewhere, and a machine that lacks the program. */
export async function kustomized(
  folder: Found,
  service: string,
  { root, tools, remembered }: Rendering,
  signal: AbortSignal,
): Promise<string> {
  const prints: string[] = [];
  for (const base of await everyBase(root, folder)) prints.push(await fingerprint(root, base));
  return remembered(["kustomize", folder.path, ...prints], async () => {
    const program = await tools.find("kustomize", "kubectl");
    if (program === undefined)
      return refuse(
        `The manifests of ${service} are a Kustomization, and neither kustomize nor kubectl is installed where Shipmate runs: install one of them.`,
      );
    const verb = /kubectl(\.exe)?$/.test(program) ? "kustomize" : "build";
    const what = `building the Kustomization of ${service}`;
    return tools.run(program, [verb, "--", folder.path], { what, signal });
  });
}

const texts = z.array(z.string()).nullish();
/** What it builds on: files and folders beside it, or whole documents within it. */
const Bases = z.object({
  resources: texts,
  bases: texts,
  components: texts,
  generators: texts,
  transformers: texts,
  validators: texts,
});

/** What these name are generators and the like, which name files in turn. */
const plugins = new Set(["generators", "transformers", "validators"]);

const named = (bases: z.output<typeof Bases>): readonly (readonly [string, string])[] =>
  Object.entries(bases).flatMap(([field, list]) =>
    (list ?? []).map((path) => [field, path] as const),
  );

/** The folder and all that it builds on, further and further. */
async function everyBase(root: string, first: Found): Promise<readonly Found[]> {
  const known = new Map<string, Found>();
  const visit = async (folder: Found): Promise<void> => {
    if (known.has(folder.path)) return;
    known.set(folder.path, folder);
    if (known.size > 100) refuse(`${first.name} builds on more than 100 folders.`);
    const names = await namesIn(folder);
    for (const name of names.filter((one) => files.includes(one))) {
      const file = await within(root, name, folder.name, folder.path);
      if (!file || file.folder) continue;
      for (const data of documents(await textOf(file), file.name)) {
        notFetched(data, file.name);
        const read = Bases.safeParse(data);
        if (!read.success) return refuse(`${file.name} is no right Kustomization.`);
        for (const [field, path] of named(read.data)) {
          if (path.includes("\n")) continue;
          const base = await within(root, path, file.name, folder.path);
          if (!base) return refuse(`${file.name} names ${quoted(line(path))}, which is not there.`);
          if (base.folder) await visit(base);
          else if (plugins.has(field))
            for (const one of documents(await textOf(base), base.name)) notFetched(one, base.name);
        }
      }
    }
  };
  await visit(first);
  return [...known.values()];
}

/** Fields that name files, at any depth: kustomize would fetch an address. */
const naming = new Map(
  [
    ...["path", "paths", "files", "envs", "env", "crds", "configurations", "patches"],
    ...["patchesStrategicMerge", "openapi", "helmCharts", "helmChartInflationGenerator"],
    ...Object.keys(Bases.shape),
  ].map((name) => [name.toLowerCase(), name]),
);

function notFetched(data: unknown, where: string, names = false): void {
  if (typeof data === "string") {
    // A whole document may stand where a name could: a generator, a patch.
    if (names && data.includes("\n"))
      for (const one of documents(data, where)) notFetched(one, where, typeof one === "string");
    // Behind a name too: `settings.txt=https://example.com/settings.txt`.
    else if (names && /:\/\/|^\s*(git@|git::)/i.test(data))
      refuse(`${where} names ${quoted(line(data))}: copy it into the project, nothing is fetched.`);
  } else if (Array.isArray(data)) for (const one of data) notFetched(one, where, names);
  else if (typeof data === "object" && data !== null)
    for (const [name, one] of Object.entries(data)) {
      const known = naming.get(name.toLowerCase());
      // Kustomize does not tell capitals from small letters.
      if (known !== undefined && known !== name)
        refuse(`${where} has ${quoted(line(name, 60))}: write it ${known}.`);
      if (name === "helmCharts" || name === "helmChartInflationGenerator")
        refuse(
          `${where} has ${name}, which would fetch a chart: name the chart itself in platform.yaml.`,
        );
      notFetched(one, where, known !== undefined);
    }
}
