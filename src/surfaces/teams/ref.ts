/** Where a message stands: a text that stays good for its life, whoever reads it after whatever restart. */
import type { Place } from "../../core/surface.ts";

/** One message in one conversation. */
export interface Standing {
  /** The conversation's id without its thread. */
  readonly channel: string;
  /** In a channel: the post that the thread hangs on. */
  readonly root?: string;
  /** The message's own id in the conversation. */
  readonly activity: string;
  /** Where it was posted through. */
  readonly serviceUrl: string;
}

/** Begins with `channel:`, so that a click from that conversation can be told to be from there. */
export function refOf({ channel, root, activity, serviceUrl }: Standing): string {
  return `${channel}: ${root ?? "-"} ${activity} ${serviceUrl}`;
}

export function standing(ref: string): Standing | undefined {
  const [channel, root, activity, serviceUrl, more] = ref.split(" ");
  if (!channel?.endsWith(":") || !root || !activity || !serviceUrl || more !== undefined)
    return undefined;
  return {
    channel: channel.slice(0, -1),
    ...(root === "-" ? {} : { root }),
    activity,
    serviceUrl,
  };
}

/** The post that a place's thread hangs on: Teams' own name of it, or our reference of any message in it. */
export function rootOf({ channel, thread }: Place): string | undefined {
  if (thread === undefined || !isThreaded(channel)) return undefined;
  const known = standing(thread);
  return known === undefined ? thread : (known.root ?? known.activity);
}

/** Channels of teams have threads; chats have none. */
export function isThreaded(channel: string): boolean {
  return /@thread\.(tacv2|skype)$/.test(channel);
}

/** A chat of one person with the app. */
export function isPersonal(channel: string): boolean {
  return channel.startsWith("a:") || isPerson(channel);
}

/** A person's own id stands for their chat with the app. */
export function isPerson(channel: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(channel);
}

/** The conversation's id as Teams' paths want it. */
export function conversationOf(channel: string, root?: string): string {
  return root === undefined ? channel : `${channel};messageid=${root}`;
}

/** The other way round. */
export function channelOf(conversation: string): { channel: string; root?: string } {
  const [channel = "", root] = conversation.split(";messageid=");
  return root === undefined || root === "" ? { channel } : { channel, root };
}
