/** A project for a test: its files, its platform, and the tools that render them. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { parsePlatform } from "../../../../src/platform/load.ts";
import type { Platform } from "../../../../src/platform/schema.ts";
import {
  type SourceOptions,
  sources,
} from "../../../../src/providers/kubernetes/sources/source.ts";
import type { Source } from "../../../../src/providers/kubernetes/types.ts";
import { type Asker, leaveOut } from "../../../servers.ts";

type Clearing = Pick<Asker, "onTestFinished">;
type Services = Readonly<Record<string, object>>;

/** The path of a folder with a copy of `fixtures/` and these files. It is removed after the test. */
export async function project(
  context: Clearing,
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "shipmate-project-"));
  context.onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await cp(join(import.meta.dirname, "fixtures"), folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

/** Two environments, and these services. */
export function platformOf(services: Services, registries: object = {}): Platform {
  return parsePlatform(
    "platform.yaml",
    JSON.stringify({
      people: { ada: { name: "Ada" } },
      teams: { payments: { members: ["ada"] } },
      services: Object.fromEntries(
        Object.entries(services).map(([name, entry]) => [name, { owner: "payments", ...entry }]),
      ),
      environments: {
        staging: { cluster: "east", namespace: "shop-staging" },
        production: { cluster: "east" },
      },
      clusters: { east: { provider: "kubernetes" } },
      registries,
    }),
  );
}

/** The Source of a project. */
export function sourceOf(
  folder: string,
  services: Services,
  { registries, ...more }: Partial<SourceOptions> & { readonly registries?: object } = {},
): Source {
  const platform = platformOf(services, registries);
  return sources({ folder, platform: () => platform, ...more });
}

/** A place in staging. */
export const staging = (service: string, version = "1.5.0") => ({
  ...{ service, version },
  ...{ environment: "staging", namespace: "shop-staging" },
});

export const open: AbortSignal = new AbortController().signal;

/**
 * A folder with these programs alone, from SHIPMATE_TEST_TOOLS or the PATH. The test is skipped, and the run says so,
 * where one is missing.
 */
export async function tools(asker: Asker, ...names: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "shipmate-tools-"));
  asker.onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const name of names) {
    const path = (await unpacked(name)) ?? onThePath(name);
    if (path === undefined)
      leaveOut(asker, `suites with ${name} (install it, or set SHIPMATE_TEST_TOOLS)`);
    await symlink(path, join(folder, name));
  }
  return folder;
}

/** The program itself, since what starts it unpacks it into each new home anew. */
async function unpacked(name: string): Promise<string | undefined> {
  const folder = process.env["SHIPMATE_TEST_TOOLS"];
  if (!folder || !existsSync(join(folder, "bin", name))) return undefined;
  const path = await promisify(execFile)(join(folder, "unpack"), [name]).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
  return path ?? join(folder, "bin", name);
}

function onThePath(name: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}
