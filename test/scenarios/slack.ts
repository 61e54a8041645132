/** Slack for the scenarios: signed requests or Socket Mode in, the Slack-like server out. */
import { slackPerson } from "../surfaces/slack/slack-person.ts";
import {
  type SlackMessage,
  type SlackServer,
  slackServer,
} from "../surfaces/slack/slack-server.ts";
import { type Chat, type Seen, type Talker, until } from "./talker.ts";

export interface SlackChat extends Chat {
  readonly server: SlackServer;
}

export async function slackChat({
  socket = false,
  ...more
}: { readonly socket?: boolean } & Parameters<typeof slackServer>[0] = {}): Promise<SlackChat> {
  const server = await slackServer(more);
  let url = "socket";
  const idOf = (person: string) => `U0${person.toUpperCase()}`;
  const channelOf = (name: string) => `C0${name.toUpperCase().replace(/[^A-Z0-9]/g, "")}`;
  return {
    server,
    surface: "slack",
    settings: {
      SLACK_BOT_TOKEN: server.botToken,
      SLACK_API_URL: server.apiUrl,
      ...(socket
        ? { SLACK_APP_TOKEN: server.appToken }
        : { SLACK_SIGNING_SECRET: server.signingSecret }),
    },
    account: idOf,
    channel: channelOf,
    connect(at) {
      if (!socket) url = new URL("/slack/events", at).href;
    },
    person: async (name, channel) => talker(server, idOf(name), channel && channelOf(channel), url),
    // Whatever Slack would not take was answered with a "no" and stands here.
    faults: () =>
      server.refused.map(({ method, answer }) => `${method}: ${JSON.stringify(answer)}`),
    close: () => server.close(),
  };
}

function talker(server: SlackServer, id: string, channel: string | undefined, url: string): Talker {
  const person = slackPerson(server, id, url);
  const own = `D${id.slice(1)}`;
  const room = channel ?? own;
  let heard = 0;
  let forms = 0;
  const acts = () => {
    heard = server.messages.length;
    forms = server.views.length;
  };
  return {
    async says(words) {
      acts();
      await (channel === undefined ? person.writes(words) : person.types(`/${words}`, channel));
    },
    async sees(title, word) {
      const fits = (message: SlackMessage) =>
        message.channel === room &&
        message.to === undefined &&
        message.text.startsWith(`${title}\n`) &&
        stateOf(message).startsWith(word);
      const found = await until(`${title}: ${word}`, () => server.messages.findLast(fits));
      return seen(structuredClone(found));
    },
    async fills(values) {
      const open = await until("a form", () =>
        server.views.slice(forms).find(({ user }) => user === id),
      );
      acts();
      const ack = await person.fills(open, values);
      if (ack.body !== "" && ack.body !== undefined && JSON.stringify(ack.body).includes("errors"))
        throw new Error(`the form came back: ${JSON.stringify(ack.body)}`);
    },
    async isTold(what) {
      const found = await until(`${id} being told ${what}`, () =>
        server.messages
          .slice(heard)
          .filter(({ to, channel }) => to === id || channel === own)
          .find((message) => what.test(wordsOf(message))),
      );
      return wordsOf(found);
    },
    async reads(what) {
      const found = await until(`an answer like ${what}`, () =>
        server.messages
          .filter((message) => message.channel === room)
          .findLast((message) => what.test(wordsOf(message))),
      );
      const words = wordsOf(found);
      if (!words.includes("All of it is in the thread")) return words;
      const thread = [found.ts, found.thread];
      const file = await until("the file in the thread", () =>
        server.files.find((one) => one.channel === room && thread.includes(one.thread)),
      );
      return `${words}\n${file.text}`;
    },
  };

  function seen(message: SlackMessage): Seen {
    return {
      text: wordsOf(message),
      buttons: buttonsOf(message.blocks),
      async press(label) {
        acts();
        await person.presses(label, message);
      },
    };
  }
}

/** The line under the title: an icon, the state's word, what there is to say. */
function stateOf({ text }: SlackMessage): string {
  return /^[◐◇✓✗○] (.*)$/.exec(text.split("\n")[1] ?? "")?.[1] ?? "";
}

/** What is read on the message, and in the notification of it. */
export function wordsOf({ text, blocks }: Pick<SlackMessage, "text" | "blocks">): string {
  const plain = text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  return `${plain}\n${blocks.map((block) => textsIn(block).join("")).join("\n")}`;
}

function textsIn(it: unknown): readonly string[] {
  if (Array.isArray(it)) return it.flatMap(textsIn);
  if (typeof it !== "object" || it === null) return [];
  const { text, type } = it as { readonly text?: unknown; readonly type?: string };
  if (typeof text === "string") return [text];
  const end = type === "rich_text_section" || type === "rich_text_preformatted" ? ["\n"] : [];
  return [...Object.values(it).flatMap(textsIn), ...end];
}

function buttonsOf(blocks: readonly unknown[]): readonly string[] {
  const all = blocks as readonly {
    readonly type: string;
    readonly elements?: readonly { readonly text: { readonly text: string } }[];
  }[];
  return all
    .filter(({ type }) => type === "actions")
    .flatMap(({ elements = [] }) => elements.map(({ text }) => text.text));
}
