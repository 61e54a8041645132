/** What a payload of Slack's means to us: pure, so that it can stand before the acknowledgement. */
import type { z } from "zod";
import type { Json } from "../../core/operation.ts";
import type { Intent } from "../../core/surface.ts";
import { actionOf } from "./blocks.ts";
import { Carried, values } from "./modal.ts";
import { Click, Command, Event, Kind, Submission } from "./payloads.ts";
import { spoken } from "./spoken.ts";

export type Heard =
  | {
      readonly is: "intent";
      readonly intent: Intent;
      /** How it came: a command and a form can be answered in the acknowledgement itself. */
      readonly by: "command" | "event" | "click" | "form";
      /** Good for one dialog within 3 seconds. */
      readonly trigger?: string;
      readonly form?: {
        readonly command: string;
        readonly values: { readonly [field: string]: Json };
        /** The names that an error can be shown at. */
        readonly fields: readonly string[];
      };
    }
  /** From somebody outside of our workspace. */
  | {
      readonly is: "foreign";
      readonly by: "command" | "event" | "click" | "form";
      readonly user: string;
      readonly channel: string;
    }
  /** Nobody said anything: a bot's message, a menu that was opened, a kind that we don't know. */
  | { readonly is: "nothing" };

/**
 * Reads a payload. `home` is our workspace's id, once it is known; until then the workspace that the
 * payload itself says the app is installed in stands for it.
 */
export function hear(body: unknown, home?: string): Heard {
  const type = Kind.safeParse(body).data?.type ?? "command";
  if (type === "command") return read(Command, heardCommand);
  if (type === "event_callback") return read(Event, heardEvent);
  if (type === "block_actions") return read(Click, heardClick);
  if (type === "view_submission") return read(Submission, heardForm);
  return { is: "nothing" };

  function read<T>(schema: z.ZodType<T>, heard: (it: T, home: string | undefined) => Heard): Heard {
    const it = schema.safeParse(body);
    return it.success ? heard(it.data, home) : { is: "nothing" };
  }
}

const surface = "slack";

function heardCommand(it: z.infer<typeof Command>, home: string | undefined): Heard {
  // A command in a conversation of two people reaches us, but only a message of our own reaches them.
  const channel = it.channel_name === "directmessage" ? it.user_id : it.channel_id;
  const by = "command";
  if (isForeign(it.team_id, home ?? it.team_id, it.is_enterprise_install))
    return { is: "foreign", by, user: it.user_id, channel };
  const name = it.command.slice(1);
  const text = spoken(name === "shipmate" ? it.text : `${name} ${it.text}`) || "help";
  return {
    is: "intent",
    by,
    trigger: it.trigger_id,
    intent: {
      key: `command:${it.trigger_id}`,
      who: { surface, id: it.user_id },
      at: { surface, channel },
      said: { text },
    },
  };
}

function heardEvent(it: z.infer<typeof Event>, home: string | undefined): Heard {
  const { event } = it;
  const bot = it.authorizations?.[0]?.user_id;
  const direct = event.type === "message" && event.channel_type === "im";
  const machine = Boolean(event.bot_id) || event.subtype !== undefined || event.user === bot;
  // An edited message is not said again.
  if (machine || event.edited !== undefined || !(direct || event.type === "app_mention"))
    return { is: "nothing" };
  const installed = home ?? it.authorizations?.[0]?.team_id ?? it.team_id;
  const author = event.user_team ?? event.source_team ?? event.team ?? it.team_id;
  const profile = event.user_profile;
  const guest = profile?.is_restricted || profile?.is_ultra_restricted || profile?.is_stranger;
  const { user, channel } = event;
  const by = "event";
  if (guest || isForeign(author, installed, it.authorizations?.[0]?.is_enterprise_install))
    return { is: "foreign", by, user, channel };
  return {
    is: "intent",
    by,
    intent: {
      key: `event:${it.event_id}`,
      who: { surface, id: user },
      at: { surface, channel, ...(event.thread_ts ? { thread: event.thread_ts } : {}) },
      said: { text: spoken(event.text, bot) || "help" },
    },
  };
}

function heardClick(it: z.infer<typeof Click>, home: string | undefined): Heard {
  const action = it.actions[0];
  const value = action?.value;
  if (action?.type !== "button" || !value) return { is: "nothing" };
  const { channel_id: channel, message_ts } = it.container;
  const by = "click";
  if (isForeign(it.user.team_id ?? it.team?.id, home ?? it.team?.id, it.is_enterprise_install))
    return { is: "foreign", by, user: it.user.id, channel };
  // The first message of a thread names itself as its thread, and stands in the channel all the same.
  const named = it.container.thread_ts ?? it.message?.thread_ts;
  const thread = named === message_ts ? undefined : named;
  const filled = it.state === undefined ? {} : values(it.state.values);
  const said =
    action.action_id === sayId
      ? { text: value }
      : action.action_id === actionOf(value)
        ? {
            button: value,
            message: `${channel}:${message_ts}`,
            ...(Object.keys(filled).length > 0 ? { values: filled } : {}),
          }
        : undefined;
  if (said === undefined) return { is: "nothing" };
  return {
    is: "intent",
    by,
    trigger: it.trigger_id,
    intent: {
      key: `click:${it.trigger_id}`,
      who: { surface, id: it.user.id },
      at: { surface, channel, ...(thread ? { thread } : {}) },
      said,
    },
  };
}

/** The action of a button that says words again for whoever clicks it, with their own rights. */
export const sayId = "say";

function heardForm(it: z.infer<typeof Submission>, home: string | undefined): Heard {
  const carried = Carried.safeParse(jsonOf(it.view.private_metadata));
  if (!carried.success) return { is: "nothing" };
  const { form, command, channel, thread } = carried.data;
  const installed = home ?? it.view.app_installed_team_id ?? it.team?.id;
  const by = "form";
  if (isForeign(it.user.team_id ?? it.team?.id, installed, it.is_enterprise_install))
    return { is: "foreign", by, user: it.user.id, channel };
  const filled = values(it.view.state.values);
  return {
    is: "intent",
    by,
    ...(it.trigger_id === undefined ? {} : { trigger: it.trigger_id }),
    form: { command, values: filled, fields: Object.keys(it.view.state.values) },
    intent: {
      key: `form:${it.view.id}:${it.view.hash}`,
      who: { surface, id: it.user.id },
      at: { surface, channel, ...(thread ? { thread } : {}) },
      said: { button: form, values: filled },
    },
  };
}

/** One organisation per installation: an app installed for a whole Enterprise Grid serves nobody. */
function isForeign(
  team: string | undefined,
  home: string | undefined,
  everywhere: boolean | string | undefined,
): boolean {
  return team === undefined || team !== home || everywhere === true || everywhere === "true";
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
