/** Teams for the scenarios: activities signed by the test's issuer in, the Teams-like server out. */
import type { AppOptions } from "../../src/app.ts";
import { faultsOfDialog } from "../surfaces/adaptive/limits.ts";
import {
  type Ack,
  dialogOf,
  labels,
  type TeamsPerson,
  teamsPerson,
} from "../surfaces/teams/teams-person.ts";
import {
  type Card,
  type TeamsMessage,
  type TeamsServer,
  teamsServer,
} from "../surfaces/teams/teams-server.ts";
import { type Chat, type Seen, type Talker, until } from "./talker.ts";
import { people } from "./town.ts";

export interface TeamsChat extends Chat {
  readonly server: TeamsServer;
  /** For startShipmate: who stands in for Microsoft. */
  readonly microsoft: NonNullable<AppOptions["microsoft"]>;
}

export async function teamsChat(more: Parameters<typeof teamsServer>[0] = {}): Promise<TeamsChat> {
  const server = await teamsServer(more);
  for (const name of people) server.person(name);
  const { app, ...microsoft } = server.settings;
  const dialogs: string[] = [];
  const channelOf = (name: string) => `19:${name}@thread.tacv2`;
  let url = "";
  return {
    server,
    // On a busy machine a form may come later than people wait for it.
    microsoft: { ...microsoft, answerIn: 60_000 },
    surface: "teams",
    settings: {
      MicrosoftAppId: app.id,
      MicrosoftAppPassword: app.password,
      MicrosoftAppTenantId: app.tenant,
    },
    account: (person) => server.person(person).account,
    channel: channelOf,
    connect(at) {
      url = new URL("/api/messages", at).href;
    },
    person: async (name, channel) =>
      talker(server, teamsPerson(server, name, url), channel && channelOf(channel), (ack) => {
        const card = dialogOf(ack);
        if (card !== undefined) dialogs.push(...faultsOfDialog(ack.body));
        if (ack.status !== 200) dialogs.push(`answered ${ack.status}`);
      }),
    faults: () => [...server.refused.map(({ path, says }) => `${path}: ${says}`), ...dialogs],
    close: () => server.close(),
  };
}

function talker(
  server: TeamsServer,
  person: TeamsPerson,
  channel: string | undefined,
  check: (ack: Ack) => void,
): Talker {
  const room = channel ?? person.chat;
  let heard = 0;
  let last: { readonly ack: Ack; readonly at: TeamsMessage } | undefined;
  let told: readonly string[] = [];
  const acts = () => {
    heard = server.messages.length;
    told = [];
  };
  const answered = (ack: Ack, at: TeamsMessage) => {
    check(ack);
    last = { ack, at };
    told = [...told, saidIn(ack)];
  };
  const hers = () => server.messages.filter((message) => message.channel === room);

  return {
    async says(words) {
      acts();
      check(
        channel === undefined ? await person.writes(words) : await person.mentions(words, channel),
      );
    },
    async sees(title, word) {
      const fits = ({ summary, card }: TeamsMessage) =>
        unescaped(summary).startsWith(`${title}. `) && stateOf(card).startsWith(word);
      const found = await until(`${title}: ${word}`, () => hers().findLast(fits));
      return seen({ ...found, card: await person.looksAt(found) });
    },
    async fills(values) {
      const offer = await until("a form", () =>
        last !== undefined
          ? last.at
          : server.messages
              .slice(heard)
              .findLast(
                (one) =>
                  [room, person.chat].includes(one.channel) &&
                  labels(one.card).includes("Fill it in"),
              ),
      );
      const open = last?.ack ?? (await person.presses("Fill it in", offer));
      check(open);
      acts();
      last = undefined;
      const ack = await person.fills(open, values, offer);
      check(ack);
      if (dialogOf(ack) !== undefined)
        throw new Error(`the form came back: ${JSON.stringify(ack)}`);
      told = [saidIn(ack)];
    },
    async isTold(what) {
      return await until(`${person.name} being told ${what}`, () =>
        [
          ...told,
          ...server.messages
            .slice(heard)
            .filter((message) => message.channel === person.chat)
            .map(wordsOf),
        ].find((words) => what.test(words)),
      );
    },
    async reads(what) {
      const found = await until(`an answer like ${what}`, () =>
        hers().findLast((message) => what.test(wordsOf(message))),
      );
      const words = wordsOf(found);
      return words.includes("the text is only the end of it") && channel === undefined
        ? `${words}\n${await file()}`
        : words;
    },
  };

  function seen(message: TeamsMessage): Seen {
    return {
      text: wordsOf(message),
      buttons: labels(message.card),
      async press(label) {
        acts();
        last = undefined;
        answered(await person.presses(label, message), message);
      },
    };
  }

  /** The offered file, as it lies in this person's OneDrive once it was accepted. */
  async function file(): Promise<string> {
    const offer = await until("an offered file", () =>
      hers().findLast(({ attached }) => /consent$/.test(attached[0]?.contentType ?? "")),
    );
    const uploadUrl = server.room(offer.id);
    const value = {
      type: "fileUpload",
      action: "accept",
      context: offer.attached[0]?.content["acceptContext"],
      uploadInfo: { uploadUrl, contentUrl: `${uploadUrl}.txt`, uniqueId: "u1", fileType: "txt" },
    };
    const activity = { type: "invoke", name: "fileConsent/invoke", replyToId: offer.id, value };
    check(await person.sends(activity, person.chat));
    return await until("the file", () => server.uploads.get(uploadUrl));
  }
}

/** A toast, an error's message, a dialog's words. */
function saidIn({ body }: Ack): string {
  const { value, task } = (body || {}) as {
    readonly value?: unknown;
    readonly task?: { readonly value?: unknown };
  };
  const said = value ?? task?.value ?? "";
  return unescaped(typeof said === "string" ? said : JSON.stringify(said));
}

export function wordsOf({ card, text, summary }: TeamsMessage): string {
  return unescaped([summary, text, ...textsIn(card)].join("\n"));
}

/** The words of a card in the order of reading, without what its buttons carry. */
function textsIn(it: unknown): readonly string[] {
  if (Array.isArray(it)) return it.flatMap(textsIn);
  if (typeof it !== "object" || it === null) return [];
  const { inlines, facts, text, codeSnippet } = it as {
    readonly inlines?: readonly { readonly text: string }[];
    readonly facts?: readonly { readonly title: string; readonly value: string }[];
    readonly text?: unknown;
    readonly codeSnippet?: unknown;
  };
  if (inlines)
    return [
      inlines
        .map((run) => run.text)
        .join("")
        .replace(/ +/g, " "),
    ];
  if (facts) return facts.map(({ title, value }) => `${title} ${value}`);
  if (typeof text === "string") return [text];
  if (typeof codeSnippet === "string") return [codeSnippet];
  return Object.entries(it as Card).flatMap(([name, one]) =>
    ["data", "fallback", "refresh", "actions", "msteams"].includes(name) ? [] : textsIn(one),
  );
}

/** The word on the card's badge; a message beside a run's card has none. */
function stateOf(card: Card | undefined): string {
  return /"Badge","text":"([^"]*)"/.exec(JSON.stringify(card ?? ""))?.[1] ?? "";
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, "$1");
}
