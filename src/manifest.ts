/**
 * `npm run manifest`: writes from the command files and schemas what others read: manifests/slack.json (for Socket
 * Mode), manifests/teams/manifest.json, and the schemas of the short manifest.
 *
 * With an address (`npm run manifest -- https://shipmate.example`) it leaves those alone and writes what belongs to this
 * installation into its home folder: Slack's manifest for HTTP, and Teams' app package with the MicrosoftAppId.
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { loadEnvironment, readConfig } from "./config.ts";
import type { CommandHelp } from "./core/command.ts";
import { schemaFiles } from "./expand/schemas.ts";
import { manifest as slackManifest } from "./surfaces/slack/manifest.ts";
import { appPackage, manifest as teamsManifest } from "./surfaces/teams/manifest.ts";

const file = (path: string) => new URL(`../${path}`, import.meta.url);
const icon = (name: string) => readFile(file(`manifests/teams/${name}.png`));

type Files = ReadonlyMap<string, string | Uint8Array>;

/** What stands in the project, by its path. */
export async function manifests(): Promise<Files> {
  const [commands, version] = await Promise.all([commandHelps(), versionOfThis()]);
  return new Map([
    ["manifests/slack.json", textOf(slackManifest(commands))],
    ["manifests/teams/manifest.json", textOf(teamsManifest(commands, { version }))],
    ...Object.entries(schemaFiles()),
  ]);
}

/** What an installation at this address uploads, by its name. Without an app's id there is nothing for Teams. */
export async function manifestsFor(url: string, teamsApp: string | undefined): Promise<Files> {
  const [commands, version] = await Promise.all([commandHelps(), versionOfThis()]);
  const slack = ["slack.json", textOf(slackManifest(commands, url))] as const;
  if (teamsApp === undefined) return new Map([slack]);
  const teams = teamsManifest(commands, { id: teamsApp, version, url });
  const [color, outline] = await Promise.all([icon("color"), icon("outline")]);
  return new Map<string, string | Uint8Array>([
    slack,
    ["teams.zip", appPackage(teams, { color, outline })],
  ]);
}

async function versionOfThis(): Promise<string> {
  return Package.parse(JSON.parse(await readFile(file("package.json"), "utf8"))).version;
}

const textOf = (data: object): string => `${JSON.stringify(data, null, 2)}\n`;

const Package = z.object({ version: z.string() });
const Help = z.object({
  default: z.object({ name: z.string(), summary: z.string(), examples: z.array(z.string()) }),
});

async function commandHelps(): Promise<readonly CommandHelp[]> {
  const folder = file("commands/");
  const files = (await readdir(folder)).filter((name) => name.endsWith(".ts")).toSorted();
  return await Promise.all(
    files.map(async (name) => Help.parse(await import(new URL(name, folder).href)).default),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [, , address] = process.argv;
  if (address === undefined) {
    for (const [path, content] of await manifests()) await writeFile(file(path), content);
  } else {
    loadEnvironment();
    const config = readConfig();
    const teamsApp = config.mode === "local" ? undefined : config.teams?.app?.id;
    const folder = join(config.home, "manifests");
    await mkdir(folder, { recursive: true });
    for (const [name, content] of await manifestsFor(new URL(address).href, teamsApp)) {
      await writeFile(join(folder, name), content);
      process.stdout.write(`${join(folder, name)}\n`);
    }
  }
}
