/** A person at the console, by its API: says something, presses buttons, reads what stands there. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

const Button = z.object({
  id: z.string(),
  label: z.string(),
  primary: z.boolean().exactOptional(),
  confirm: z.string().exactOptional(),
});
const Line = z.object({
  what: z.string(),
  from: z.string().exactOptional(),
  to: z.string().exactOptional(),
  irreversible: z.string().exactOptional(),
});
const Card = z.object({
  title: z.string(),
  state: z
    .object({ tone: z.enum(["busy", "waiting", "good", "bad", "calm"]), word: z.string() })
    .exactOptional(),
  says: z.string().exactOptional(),
  changes: z.array(Line).exactOptional(),
  fields: z.record(z.string(), z.string()).exactOptional(),
  columns: z.array(z.string()).exactOptional(),
  rows: z.array(z.array(z.string())).exactOptional(),
  code: z.object({ text: z.string(), language: z.string().exactOptional() }).exactOptional(),
  chart: z
    .object({ label: z.string(), points: z.array(z.tuple([z.number(), z.number()])) })
    .exactOptional(),
  progress: z.object({ done: z.number(), of: z.number() }).exactOptional(),
  facts: z.array(z.string()).exactOptional(),
  links: z.array(z.object({ label: z.string(), url: z.string() })).exactOptional(),
  buttons: z.array(Button),
});
const Message = z.object({
  id: z.string(),
  number: z.number(),
  kind: z.string(),
  author: z.string().nullable(),
  run: z.string().nullable(),
  private: z.boolean(),
  text: z.string(),
  card: Card.nullable(),
  buttons: z.array(Button),
});
export type Message = z.output<typeof Message>;

/** It did not answer as it should; the message is a sentence for people. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
}

export interface Chat {
  say(text: string): Promise<void>;
  /** Presses the button with this label. Throws where the message has none. */
  press(message: Message, label: string): Promise<void>;
  /** What stands in the channel for this person, oldest first. */
  read(): Promise<readonly Message[]>;
  /**
   * Waits until one of the messages is wanted, and gives it. `seen` is called with each change on the way.
   * Throws Unanswered after `patience` milliseconds, with `what` was waited for.
   */
  until(
    what: string,
    wanted: (message: Message) => boolean,
    seen?: (message: Message) => void,
  ): Promise<Message>;
}

export interface ChatSettings {
  /** The console's address. */
  readonly url: string;
  readonly channel: string;
  /** Milliseconds that `until` waits at most. */
  readonly patience?: number;
}

/** Milliseconds between two looks at the channel. */
const pace = 100;

export function chat(as: string, { url, channel, patience = 60_000 }: ChatSettings): Chat {
  async function ask(path: string, body?: object): Promise<unknown> {
    const answer = await fetch(new URL(path, url), {
      signal: AbortSignal.timeout(30_000),
      // One that is kept may be closed by the console just as it is used again.
      headers: { connection: "close", ...(body && { "content-type": "application/json" }) },
      ...(body && { method: "POST", body: JSON.stringify(body) }),
    });
    const said: unknown = await answer.json();
    if (answer.ok) return said;
    throw new Unanswered(`The console answered ${answer.status}: ${JSON.stringify(said)}`);
  }
  async function read(): Promise<readonly Message[]> {
    const path = `/api/v1/console/channels/${channel}/messages?as=${as}`;
    const { messages } = z.object({ messages: z.array(Message) }).parse(await ask(path));
    return messages.toSorted((one, other) => one.number - other.number);
  }

  return {
    async say(text) {
      await ask("/api/v1/console/say", { as, channel, text });
    },
    async press(message, label) {
      const button = message.buttons.find((each) => each.label === label);
      if (button === undefined) {
        const labels = message.buttons.map((each) => each.label).join(", ") || "none";
        throw new Unanswered(`There is no button "${label}" on "${message.text}", only ${labels}.`);
      }
      await ask("/api/v1/console/click", { as, messageId: message.id, button: button.id });
    },
    read,
    async until(what, wanted, seen) {
      const late = performance.now() + patience;
      for (;;) {
        const messages = await read();
        for (const message of messages) seen?.(message);
        const found = messages.find(wanted);
        if (found !== undefined) return found;
        if (performance.now() > late) {
          const last = messages.at(-1)?.text ?? "nothing";
          const span = `${patience / 1_000} s`;
          throw new Unanswered(`Waited ${span} for ${what}. The last message says: ${last}`);
        }
        await sleep(pace);
      }
    },
  };
}
