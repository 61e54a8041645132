/** The parts of Slack's payloads that we read. Each is a public schema of Slack's; the rest of it is dropped. */
import { z } from "zod";
import { Filled } from "./modal.ts";

/** A slash command has no type: it comes as the fields of a form. */
export const Kind = z.object({ type: z.string() });

/** Form fields are all texts, JSON has real booleans: both say "installed for a whole organisation". */
const orgWide = z.union([z.boolean(), z.string()]).optional();

export const Command = z.object({
  command: z.string().startsWith("/"),
  text: z.string().default(""),
  trigger_id: z.string().min(1),
  user_id: z.string().min(1),
  channel_id: z.string().min(1),
  channel_name: z.string().optional(),
  team_id: z.string().min(1),
  is_enterprise_install: orgWide,
});

/** `app_mention`, and `message` in a direct conversation. */
export const Event = z.object({
  type: z.literal("event_callback"),
  event_id: z.string().min(1),
  team_id: z.string().optional(),
  authorizations: z
    .array(
      z.object({
        team_id: z.string().nullish(),
        user_id: z.string().optional(),
        is_enterprise_install: orgWide,
      }),
    )
    .optional(),
  event: z.object({
    type: z.enum(["app_mention", "message"]),
    channel_type: z.string().optional(),
    subtype: z.string().optional(),
    bot_id: z.string().nullish(),
    edited: z.unknown().optional(),
    user: z.string().min(1),
    user_team: z.string().optional(),
    source_team: z.string().optional(),
    team: z.string().optional(),
    user_profile: z
      .object({
        is_restricted: z.boolean().optional(),
        is_ultra_restricted: z.boolean().optional(),
        is_stranger: z.boolean().optional(),
      })
      .optional(),
    text: z.string().default(""),
    channel: z.string().min(1),
    thread_ts: z.string().optional(),
  }),
});

const Clicker = z.object({ id: z.string().min(1), team_id: z.string().optional() });
const Team = z.object({ id: z.string() }).nullish();

/** `block_actions`: a button of a message. */
export const Click = z.object({
  type: z.literal("block_actions"),
  trigger_id: z.string().min(1),
  user: Clicker,
  team: Team,
  is_enterprise_install: orgWide,
  container: z.object({
    channel_id: z.string().min(1),
    message_ts: z.string().min(1),
    thread_ts: z.string().optional(),
  }),
  message: z.object({ thread_ts: z.string().optional() }).optional(),
  actions: z.array(
    z.object({ type: z.string(), action_id: z.string(), value: z.string().optional() }),
  ),
  state: z.object({ values: Filled }).optional().catch(undefined),
});

/** `view_submission`: a dialog that was sent. */
export const Submission = z.object({
  type: z.literal("view_submission"),
  trigger_id: z.string().optional(),
  user: Clicker,
  team: Team,
  is_enterprise_install: orgWide,
  view: z.object({
    id: z.string().min(1),
    hash: z.string().min(1),
    private_metadata: z.string(),
    app_installed_team_id: z.string().nullish(),
    state: z.object({ values: Filled }),
    blocks: z.array(z.object({ block_id: z.string().optional() })).default([]),
  }),
});
