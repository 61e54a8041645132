/** Plain YAML: a file, or all files of a folder. */
import { join } from "node:path";
import { refuse } from "../../../core/refusal.ts";
import { type Found, namesIn, textOf, within } from "./folder.ts";
import { documents, limits, tooMany } from "./yaml.ts";

export const isYaml = (name: string): boolean => /\.ya?ml$/.test(name);

/** All documents, file by file in the order of their names. Folders within are not read, as `kubectl apply` does not. */
export async function plainDocuments(root: string, found: Found): Promise<readonly unknown[]> {
  if (!found.folder) return documents(await textOf(found), found.name);
  const names = (await namesIn(found)).filter(isYaml);
  const all: unknown[] = [];
  let size = 0;
  for (const name of names) {
    const file = await within(root, name, found.name, found.path);
    if (!file || file.folder) continue;
    const text = await textOf(file);
    size += text.length;
    if (size > limits.text)
      refuse(`${found.name} is larger than 5 MB: that is more than Shipmate reads as manifests.`);
    all.push(...documents(text, join(found.name, name)));
    if (all.length > limits.documents) tooMany(found.name);
  }
  return all;
}
