/** The manifest that Slack makes the app from: what it may do, what it hears, and which commands it has. */
import type { CommandHelp } from "../../core/command.ts";
import { line } from "./fit.ts";

/**
 * Commands that people may type without `/shipmate` before them. None may have a name of Slack's own
 * (`/status`, `/remind`, ...): Slack refuses a whole manifest for one of those.
 */
export const twins = ["deploy", "rollback", "logs"] as const;

/** Each with the reason why we can't do without it. */
export const scopes = {
  commands: "slash commands",
  "app_mentions:read": "words to @shipmate, which alone work in threads",
  "im:history": "words in a direct message, and finding our own messages there after a lost answer",
  "chat:write": "cards, private answers and dialogs",
  "chat:write.public": "cards in public channels that nobody invited the app to",
  "channels:history":
    "finding our own message in a channel after a lost answer, so as not to post it twice",
  "groups:history": "the same in private channels",
  "im:write": "the same in a conversation that we began",
  "files:write": "long logs, as a file in the run's thread",
} as const;

/**
 * The manifest for these commands. With `url`, the public address of this installation, Slack sends
 * requests there; without it the app uses Socket Mode, which needs no public address.
 */
export function manifest(commands: readonly CommandHelp[], url?: string) {
  const to = url === undefined ? {} : { url: `${url.replace(/\/$/, "")}/slack/events` };
  const request = "url" in to ? { request_url: to.url } : {};
  const short = twins.flatMap((name) => commands.filter((command) => command.name === name));
  return {
    _metadata: { major_version: 1, minor_version: 1 },
    display_information: {
      name: "Shipmate",
      description: "Deploy, approve and roll back where you talk.",
      background_color: "#1f3a5f",
    },
    features: {
      app_home: {
        home_tab_enabled: false,
        messages_tab_enabled: true,
        messages_tab_read_only_enabled: false,
      },
      bot_user: { display_name: "shipmate", always_online: true },
      slash_commands: [
        {
          command: "/shipmate",
          ...to,
          description: "Says a command; help lists them",
          usage_hint: "help",
          should_escape: false,
        },
        ...short.map(({ name, summary, examples }) => ({
          command: `/${name}`,
          ...to,
          description: line(summary, 100),
          usage_hint: line((examples[0] ?? "").replace(new RegExp(`^${name}\\s*`), ""), 100),
          should_escape: false,
        })),
      ],
    },
    oauth_config: { scopes: { bot: Object.keys(scopes) } },
    settings: {
      event_subscriptions: { ...request, bot_events: ["app_mention", "message.im"] },
      interactivity: { is_enabled: true, ...request },
      org_deploy_enabled: false,
      socket_mode_enabled: url === undefined,
      token_rotation_enabled: false,
    },
  };
}
