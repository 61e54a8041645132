/** Looks at everything that a Shipmate needs, side by side, and changes nothing. */
import { dirname, join } from "node:path";
import { type Config, readConfig, secretsOf } from "../config.ts";
import { Refusal } from "../core/refusal.ts";
import { masker } from "../observe/mask.ts";
import type { TeamsConfig } from "../surfaces/teams/config.ts";
import { lookAtSlack, lookAtTeams } from "./chats.ts";
import { lookAtClusters } from "./clusters.ts";
import { lookAtDatabase } from "./database.ts";
import { about, type Finding, looked } from "./finding.ts";
import { lookAtManifests, lookAtTools } from "./manifests.ts";
import { lookAtRedis } from "./redis.ts";

export interface ExamineParts {
  /** The settings; the environment unless told. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The project's folder. */
  readonly root: string;
  /** Who stands in for Microsoft: for tests. */
  readonly microsoft?: Partial<TeamsConfig>;
}

/** Every finding, in the order in which one would mend things. No secret stands in it. */
export async function examine(parts: ExamineParts): Promise<readonly Finding[]> {
  const { root, microsoft } = parts;
  const settings = about("Settings");
  let config: Config;
  try {
    config = readConfig(parts.environment);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { findings } = await lookAtManifests(join(root, "manifests"));
    const rest = settings.note(
      "The rest was not looked at: start the doctor again when this is right.",
    );
    return [settings.wrong(error.message), ...findings, rest];
  }
  const folder = config.manifests ?? join(root, "manifests");
  const mask = masker({ secrets: () => [...secretsOf(config)] });
  const signal = AbortSignal.timeout(60_000);
  const [manifests, ...rest] = await Promise.all([
    lookAtManifests(folder),
    looked("Database", () => lookAtDatabase(config)),
    looked("Redis", () => lookAtRedis(config)),
    looked("Slack", () => lookAtSlack(config)),
    looked("Teams", () => lookAtTeams(config, microsoft)),
  ]);
  const { platform } = manifests;
  const { kubeconfig } = config;
  const where = { folder: dirname(folder), kubeconfig, signal };
  const world =
    platform === undefined
      ? [[about("Clusters").note("They were not looked at: platform.yaml has to be right first.")]]
      : await Promise.all([
          looked("Clusters", () => lookAtClusters({ platform, ...where })),
          looked("Tools", () => lookAtTools(platform, folder)),
        ]);
  const all = [settings.good(config.why), ...manifests.findings, ...rest.flat(), ...world.flat()];
  return all.map((finding) => mask.data(finding));
}
