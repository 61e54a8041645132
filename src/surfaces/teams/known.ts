/** What passing activities tell us: who is who and where they can be reached. Lost at a restart, and learnt anew. */
import type { Activity } from "./payloads.ts";
import { channelOf, isPersonal } from "./ref.ts";

/** A person as Teams names them. */
export interface Face {
  /** Teams' own id of a person for this app: `29:...`. */
  readonly mri: string;
  readonly name: string;
}

export type Known = ReturnType<typeof knowledge>;

export function knowledge(now: () => number) {
  const faces = lately<Face>(10_000);
  const services = lately<string>(10_000);
  const personal = lately<string>(10_000);
  const chats = lately<string>(10_000);
  const speakers = lately<ReadonlyMap<string, number>>(1_000);
  let bot: string | undefined;
  return {
    /** From a verified activity alone. */
    learn(activity: Activity): void {
      const { from, conversation, serviceUrl, recipient } = activity;
      const { channel } = channelOf(conversation.id);
      services.set(channel, serviceUrl);
      if (from.id !== recipient.id && recipient.id !== "") bot = recipient.id;
      const account = from.aadObjectId?.toLowerCase();
      if (!account) return;
      faces.set(account, { mri: from.id, name: from.name ?? "" });
      const recent = [...(speakers.get(channel) ?? [])].filter(([, at]) => at > now() - recently);
      speakers.set(channel, new Map([...recent, [from.id, now()]]));
      if (conversation.conversationType !== "personal" && !isPersonal(channel)) return;
      chats.set(channel, account);
      personal.set(account, channel);
    },
    face: (account: string) => faces.get(account),
    meet: (account: string, face: Face) => faces.set(account, face),
    /** Where a conversation was last heard from: it may move. */
    service: (channel: string) => services.get(channel),
    /** A person's chat with the app. */
    chat: (account: string) => personal.get(account),
    opened(account: string, channel: string): void {
      personal.set(account, channel);
      chats.set(channel, account);
    },
    isPersonal: (channel: string) => chats.get(channel) !== undefined || isPersonal(channel),
    /** Whose chat with the app it is. */
    owner: (channel: string) => chats.get(channel),
    /** People who spoke there in the last ten minutes and so have it open, at most five, by their Teams' ids. */
    viewers: (channel: string): readonly string[] =>
      [...(speakers.get(channel) ?? [])]
        .filter(([, at]) => at > now() - recently)
        .sort(([, a], [, b]) => b - a)
        .slice(0, 5)
        .map(([mri]) => mri),
    bot: () => bot,
  };
}

const recently = 10 * 60_000;

/** A map that forgets what was set longest ago. */
function lately<T>(most: number) {
  const kept = new Map<string, T>();
  return {
    get: (key: string): T | undefined => kept.get(key),
    set(key: string, value: T): void {
      kept.delete(key);
      kept.set(key, value);
      if (kept.size <= most) return;
      const [oldest] = kept.keys();
      if (oldest !== undefined) kept.delete(oldest);
    },
  };
}
