/** Writes manifests/slack.json from the commands; with an address it prints the manifest for HTTP instead. */
import { readdir, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import type { CommandHelp } from "./core/command.ts";
import { manifest } from "./surfaces/slack/manifest.ts";

/** Where the manifest for Socket Mode is kept. */
export const manifestFile = new URL("../manifests/slack.json", import.meta.url);

/** The text of the manifest for the commands in `commands/`. Throws where one can't be read. */
export async function manifestText(url?: string): Promise<string> {
  return `${JSON.stringify(manifest(await commandHelps(), url), null, 2)}\n`;
}

const Help = z.object({
  default: z.object({ name: z.string(), summary: z.string(), examples: z.array(z.string()) }),
});

async function commandHelps(): Promise<readonly CommandHelp[]> {
  const folder = new URL("../commands/", import.meta.url);
  const files = (await readdir(folder)).filter((name) => name.endsWith(".ts")).toSorted();
  return await Promise.all(
    files.map(async (name) => Help.parse(await import(new URL(name, folder).href)).default),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const url = process.argv[2];
  if (url === undefined) await writeFile(manifestFile, await manifestText());
  else process.stdout.write(await manifestText(new URL(url).href));
}
