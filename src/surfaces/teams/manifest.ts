/**
 * The app package that a Teams administrator uploads: a zip of manifest.json and two icons.
 * Fields and limits: Microsoft's app manifest schema, version 1.19.
 */
import { zipSync } from "fflate";
import type { CommandHelp } from "../../core/command.ts";

/** What stands for the app's id until it is known: Teams takes no package with it. */
export const noId = "00000000-0000-0000-0000-000000000000";
/** Teams lists so many commands at most, with so long names and texts. */
const listed = 10;
const longest = { title: 32, description: 128 };
/** What people say most, in this order; what is not there is left out. */
const first = ["deploy", "rollback", "status", "logs", "restart", "scale", "runs", "services"];

const scopes = ["personal", "team", "groupChat"] as const;

export interface TeamsApp {
  /** `MicrosoftAppId`: the bot's and, here, the app's. */
  readonly id?: string | undefined;
  /** `0.1.0`; Teams wants another one for each upload. */
  readonly version: string;
  /** The installation's public address. */
  readonly url?: string | undefined;
}

/** The manifest for these commands. */
export function manifest(commands: readonly CommandHelp[], app: TeamsApp) {
  const { id = noId, version, url = "https://shipmate.invalid" } = app;
  const site = new URL(url);
  const page = (path: string) => new URL(path, site).href;
  const said = [...first, "help"].flatMap((name) => commands.filter((one) => one.name === name));
  return {
    $schema: "https://developer.microsoft.com/json-schemas/teams/v1.19/MicrosoftTeams.schema.json",
    manifestVersion: "1.19",
    version,
    id,
    developer: {
      name: "Shipmate",
      websiteUrl: page("/"),
      privacyUrl: page("/"),
      termsOfUseUrl: page("/"),
    },
    name: { short: "Shipmate", full: "Shipmate" },
    description: {
      short: "Deploy, approve and roll back where you talk.",
      full: "Shipmate shows exactly what would change, asks the right people, does exactly what they approved, keeps one card telling the truth, and takes it back at the press of a button.",
    },
    icons: { color: "color.png", outline: "outline.png" },
    accentColor: "#1f3a5f",
    bots: [
      {
        botId: id,
        scopes,
        supportsFiles: true,
        isNotificationOnly: false,
        commandLists: [
          {
            scopes,
            commands: said.slice(0, listed).map(({ name, summary }) => ({
              title: cut(name, longest.title),
              description: cut(summary, longest.description),
            })),
          },
        ],
      },
    ],
    permissions: ["identity", "messageTeamMembers"],
    validDomains: app.url === undefined ? [] : [site.host],
  };
}

/** The bytes of the zip. The same input gives the same bytes. */
export function appPackage(
  manifest: object,
  icons: { readonly color: Uint8Array; readonly outline: Uint8Array },
): Uint8Array {
  const text = new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`);
  const files = { "manifest.json": text, "color.png": icons.color, "outline.png": icons.outline };
  return zipSync(files, { mtime: "2026-01-01T00:00:00Z" });
}

const cut = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;
