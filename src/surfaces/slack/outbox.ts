/** Messages to Slack: posted, changed in place, and found again after a lost answer. */
import type { types } from "@slack/bolt";
import type { OutMessage, Place } from "../../core/surface.ts";
import { Gone, Patience } from "../../core/surface.ts";
import type { Drawn } from "./blocks.ts";
import { draw, inThread, leftOut, mentions } from "./blocks.ts";
import type { Ask } from "./calls.ts";
import { refusal } from "./calls.ts";
import type { Log } from "./log.ts";
import { formBlocks } from "./modal.ts";

/** Posts and gives `channel:ts`, which stays good for the life of the message. */
export type Outbox = ReturnType<typeof outbox>;

export function outbox({
  ask,
  log,
  now,
}: {
  readonly ask: Ask;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}) {
  return { post, edit, find };

  async function post(place: Place, message: OutMessage, signal: AbortSignal): Promise<string> {
    if (message.to !== undefined && !isDirect(place.channel))
      return await whisper(place, message.to, message, signal);
    const drawn = called(message.calls ?? [], drawnAs(message, inThread));
    const ref = await put(place, drawn, message.id, signal);
    if (drawn.rest !== undefined) await attach(place, ref, message, drawn.rest, signal);
    return ref;
  }

  /** A message for one person's eyes: nobody can change or find it later, so a change is a new one. */
  async function whisper(place: Place, to: string, message: OutMessage, signal: AbortSignal) {
    const { text, blocks } = drawnAs(message, leftOut);
    try {
      const told = await ask(`telling one person in ${place.channel}`, signal, (client) =>
        client.chat.postEphemeral({
          channel: place.channel,
          user: to,
          text,
          blocks,
          ...literal,
          ...threadOf(place),
        }),
      );
      return refOf(place.channel, told.message_ts);
    } catch (error) {
      if (!elsewhere.has(refusal(error) ?? "")) throw error;
      // Not a place where we are: the person's own conversation with us is.
      return await put(
        { surface: place.surface, channel: to },
        { text, blocks },
        message.id,
        signal,
      );
    }
  }

  async function put(place: Place, drawn: Drawn, id: string, signal: AbortSignal) {
    const posted = await ask(`posting in ${place.channel}`, signal, (client) =>
      client.chat.postMessage({
        channel: place.channel,
        text: drawn.text,
        blocks: drawn.blocks,
        metadata: metadata(id),
        mrkdwn: false,
        unfurl_links: false,
        unfurl_media: false,
        ...literal,
        ...threadOf(place),
      }),
    );
    return refOf(posted.channel ?? place.channel, posted.ts);
  }

  async function edit(
    _place: Place,
    ref: string,
    message: OutMessage,
    signal: AbortSignal,
  ): Promise<void> {
    const { channel, ts } = partsOf(ref);
    if (message.to !== undefined && !isDirect(channel))
      throw new Gone(`changing ${ref}: it was shown to one person only, so it is said anew`);
    const { text, blocks } = drawnAs(message, leftOut);
    await ask(`changing ${ref}`, signal, (client) =>
      client.chat.update({ channel, ts, text, blocks, metadata: metadata(message.id), ...literal }),
    );
  }

  /**
   * Looks through the last day, newest first, at most 1,000 messages. Where we may not read, there is
   * nothing to be found: then a message may stand there twice, which hurts less than none.
   */
  async function find(place: Place, id: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      return await search(place, id, signal);
    } catch (error) {
      if (!unreadable.has(refusal(error) ?? "")) throw error;
      log("warn", `looking for a message in ${place.channel}: we may not read there`, error);
      return undefined;
    }
  }

  async function search(
    place: Place,
    id: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const channel = await channelOf(place, signal);
    const oldest = String(Math.floor(now() / 1000) - day);
    let cursor: string | undefined;
    for (let page = 0; page < 5; page += 1) {
      const query = {
        channel,
        oldest,
        limit: 200,
        include_all_metadata: true,
        ...(cursor === undefined ? {} : { cursor }),
      };
      const { thread_ts: thread } = threadOf(place);
      const seen = await ask(`looking for a message in ${channel}`, signal, async (client) =>
        thread === undefined
          ? await client.conversations.history(query)
          : await client.conversations.replies({ ...query, ts: thread }),
      );
      const found = seen.messages?.find(({ metadata: said }) => isOurs(said, id));
      if (found?.ts !== undefined) return refOf(channel, found.ts);
      cursor = seen.response_metadata?.next_cursor || undefined;
      if (cursor === undefined) return undefined;
    }
    return undefined;
  }

  /** Messages to a person go into a conversation that has a name of its own. */
  async function channelOf(place: Place, signal: AbortSignal): Promise<string> {
    if (!/^[UW]/.test(place.channel)) return place.channel;
    const opened = await ask(`opening a conversation with ${place.channel}`, signal, (client) =>
      client.conversations.open({ users: place.channel }),
    );
    return opened.channel?.id ?? place.channel;
  }

  /** Puts the whole of a long text into the thread; where that can't be, the message stops promising it. */
  async function attach(
    place: Place,
    ref: string,
    message: OutMessage,
    text: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { channel, ts } = partsOf(ref);
    const bytes = Buffer.from(text.toWellFormed());
    const filename = `${message.card.title.replace(/[^A-Za-z0-9.-]+/g, "-").slice(0, 80)}.txt`;
    try {
      const slot = await ask("asking for room for a file", signal, (client) =>
        client.files.getUploadURLExternal({ filename, length: bytes.length }),
      );
      if (slot.upload_url === undefined || slot.file_id === undefined)
        throw new Error("asking for room for a file: no address came back");
      const sent = await fetch(slot.upload_url, { method: "POST", body: bytes, signal });
      if (!sent.ok) throw new Error(`sending a file: ${sent.status}`);
      const files: [{ id: string; title: string }] = [{ id: slot.file_id, title: filename }];
      await ask("putting a file into a thread", signal, (client) =>
        client.files.completeUploadExternal({
          files,
          channel_id: channel,
          thread_ts: threadOf(place).thread_ts ?? ts,
        }),
      );
    } catch (error) {
      log("warn", `the whole text of ${ref} could not be put into its thread`, error);
      await edit(place, ref, message, signal).catch((again: unknown) => {
        if (!(again instanceof Patience)) log("warn", `changing ${ref} after that`, again);
      });
    }
  }
}

/** Slack takes nothing in `text` for a name, a channel or an address. */
export const literal = { parse: "none", link_names: false } as const;

const day = 24 * 60 * 60;

const elsewhere = new Set(["not_in_channel", "channel_not_found", "user_not_in_channel"]);

const unreadable = new Set(["not_in_channel", "missing_scope", "no_permission"]);

/** A thread is named by its first message: by Slack's time stamp, or by our own reference of it. */
function threadOf(place: Place): { readonly thread_ts?: string } {
  if (place.thread === undefined) return {};
  return { thread_ts: place.thread.slice(place.thread.indexOf(":") + 1) };
}

function drawnAs(message: OutMessage, restIs: string): Drawn {
  const drawn = draw(message.card, restIs);
  const form: types.KnownBlock[] = message.form === undefined ? [] : formBlocks(message.form);
  return { ...drawn, blocks: [...drawn.blocks, ...form].slice(0, 50) };
}

/** The only live mentions: accounts that our own manifest names, never anything that somebody typed. */
function called(accounts: readonly string[], drawn: Drawn): Drawn {
  if (accounts.length === 0) return drawn;
  return { ...drawn, blocks: [mentions(accounts), ...drawn.blocks].slice(0, 50) };
}

function metadata(id: string) {
  return { event_type: eventType, event_payload: { id } };
}

const eventType = "shipmate_message";

function isOurs(
  said: { readonly event_type?: string; readonly event_payload?: object } | undefined,
  id: string,
): boolean {
  const payload = said?.event_payload;
  return (
    said?.event_type === eventType && payload !== undefined && "id" in payload && payload.id === id
  );
}

/** A person's conversation with us alone: whoever reads it is the one it is for. */
function isDirect(channel: string): boolean {
  return /^[DUW]/.test(channel);
}

function refOf(channel: string, ts: string | undefined): string {
  if (ts === undefined) throw new Error(`posting in ${channel}: no reference came back`);
  return `${channel}:${ts}`;
}

function partsOf(ref: string): { readonly channel: string; readonly ts: string } {
  const at = ref.indexOf(":");
  return { channel: ref.slice(0, at), ts: ref.slice(at + 1) };
}
