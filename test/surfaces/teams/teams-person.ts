/**
 * Somebody in Teams: mentions the app, writes to it, presses the buttons that stand on a card, fills in
 * dialogs, and has a client that refreshes the cards it shows. Each becomes a signed activity.
 */
import type { KeyObject } from "node:crypto";
import type { Card, Member, TeamsMessage, TeamsServer } from "./teams-server.ts";

/** What the app answered, and how long it took, in milliseconds. */
export interface Ack {
  readonly status: number;
  readonly body: unknown;
  readonly took: number;
}

/** How a delivery differs from an honest one. */
export interface Odd {
  readonly claims?: object;
  /** Signs with another key. */
  readonly key?: KeyObject;
  /** The whole header instead of a token. */
  readonly authorization?: string;
  /** The activity's id, to deliver the same one twice. */
  readonly id?: string;
  /** Changes the activity. */
  readonly activity?: object;
  /** A client that knows no Universal Actions. */
  readonly old?: boolean;
  /** What is filled in beside the button. */
  readonly inputs?: object;
}

export type TeamsPerson = ReturnType<typeof teamsPerson>;

export function teamsPerson(
  server: TeamsServer,
  name: string,
  url: string,
  more: Partial<Member> = {},
) {
  const me = server.person(name, more);
  const chat = server.chat(me);
  return {
    ...me,
    chat,
    /** `@Shipmate words` in a channel (as a new post, or in a thread) or a group chat. */
    mentions(
      words: string,
      channel: string,
      odd: Odd & { readonly thread?: string } = {},
    ): Promise<Ack> {
      const id = odd.id ?? server.id();
      const threaded = channel.endsWith("@thread.tacv2");
      const call = "<at>Shipmate</at>";
      return deliver(
        {
          type: "message",
          id,
          text: `${call} ${words}`,
          textFormat: "plain",
          entities: [
            { type: "mention", text: call, mentioned: { id: server.bot, name: "Shipmate" } },
            { type: "clientInfo", locale: "en-US" },
          ],
          ...place(threaded ? `${channel};messageid=${odd.thread ?? id}` : channel),
        },
        odd,
      );
    },
    /** Words to the app alone. */
    writes(words: string, odd: Odd = {}): Promise<Ack> {
      return deliver({ type: "message", text: words, textFormat: "plain", ...place(chat) }, odd);
    },
    /** A button of a message, by its label; says yes where it asks. */
    presses(label: string, message: TeamsMessage, odd: Odd = {}): Promise<Ack> {
      const action = actionOf(message.card, label);
      const at = { ...place(whereOf(message)), replyToId: message.id };
      const data = { ...(action["data"] as object), ...odd.inputs };
      if (isFetch(data))
        return deliver({ type: "invoke", name: "task/fetch", value: { data }, ...at }, odd);
      if (odd.old === true || action["type"] === "Action.Submit")
        return deliver({ type: "message", value: data, ...at }, odd);
      const value = {
        action: { type: "Action.Execute", verb: action["verb"], data },
        trigger: "manual",
      };
      return deliver({ type: "invoke", name: "adaptiveCard/action", value, ...at }, odd);
    },
    /** The client shows a message: it refreshes the card where that asks this person. Undefined: it does not. */
    async looksAt(message: TeamsMessage, odd: Odd = {}): Promise<Card | undefined> {
      const { refresh } = message.card ?? {};
      if (refresh === undefined || !refresh.userIds.includes(me.mri)) return message.card;
      const value = { action: refresh.action, trigger: "automatic" };
      const at = { ...place(whereOf(message)), replyToId: message.id };
      const ack = await deliver({ type: "invoke", name: "adaptiveCard/action", value, ...at }, odd);
      return (ack.body as { readonly value?: Card }).value;
    },
    /** Sends a dialog (or a form in a card) that an answer brought. Fields that are not named keep what they had. */
    fills(
      ack: Ack,
      given: { readonly [field: string]: string },
      at: TeamsMessage,
      odd: Odd = {},
    ): Promise<Ack> {
      const card = dialogOf(ack) ?? (ack.body as { readonly value: Card }).value;
      const action = actions(card).at(-1) ?? {};
      const data = { ...inputsOf(card, given), ...(action["data"] as object) };
      const where = { ...place(whereOf(at)), replyToId: at.id };
      if (dialogOf(ack) !== undefined)
        return deliver({ type: "invoke", name: "task/submit", value: { data }, ...where }, odd);
      const value = { action: { type: "Action.Execute", verb: "press", data }, trigger: "manual" };
      return deliver({ type: "invoke", name: "adaptiveCard/action", value, ...where }, odd);
    },
    /** Any activity, in a place. */
    sends: (activity: object, channel: string, odd: Odd = {}) =>
      deliver({ ...place(channel), ...activity }, odd),
  };

  function place(conversation: string) {
    const type = conversation.startsWith("a:")
      ? "personal"
      : conversation.includes("@thread.v2")
        ? "groupChat"
        : "channel";
    return {
      conversation: {
        id: conversation,
        conversationType: type,
        tenantId: server.tenant,
        isGroup: type !== "personal",
      },
      channelData: { tenant: { id: server.tenant } },
    };
  }

  async function deliver(activity: object, odd: Odd): Promise<Ack> {
    const body = {
      id: server.id(),
      channelId: "msteams",
      serviceUrl: server.serviceUrl,
      timestamp: new Date(server.now()).toISOString(),
      from: { id: me.mri, name: me.name, aadObjectId: me.account },
      recipient: { id: server.bot, name: "Shipmate" },
      locale: "en-US",
      ...activity,
      ...(odd.id === undefined ? {} : { id: odd.id }),
      ...odd.activity,
    };
    const seconds = Math.floor(server.now() / 1000);
    const claims = {
      iss: server.signs.name,
      aud: server.appId,
      serviceurl: body.serviceUrl,
      nbf: seconds - 60,
      exp: seconds + 3600,
      ...odd.claims,
    };
    const authorization = odd.authorization ?? `Bearer ${server.signs.token(claims, odd.key)}`;
    const before = performance.now();
    const response = await fetch(url, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", authorization },
    });
    const text = await response.text();
    const took = performance.now() - before;
    return { status: response.status, body: text === "" ? "" : JSON.parse(text), took };
  }
}

/** The card of a dialog that an answer opens. */
export function dialogOf(ack: Ack): Card | undefined {
  const { task } = (ack.body || {}) as {
    readonly task?: { readonly value?: { readonly card?: { readonly content: Card } } };
  };
  return task?.value?.card?.content;
}

type Node = { readonly [name: string]: unknown };

/** All that can be pressed on a card, also behind a question. */
export function actions(it: unknown): readonly Node[] {
  if (Array.isArray(it)) return it.flatMap(actions);
  if (typeof it !== "object" || it === null) return [];
  const here = it as Node;
  const mine = /^Action\.(Execute|Submit)$/.test(String(here["type"])) ? [here] : [];
  const inside = Object.entries(here).flatMap(([name, one]) =>
    ["data", "fallback", "refresh"].includes(name) ? [] : actions(one),
  );
  return [...mine, ...inside];
}

export function labels(card: Card | undefined): readonly string[] {
  return actions(card).map(({ title }) => String(title));
}

function actionOf(card: Card | undefined, label: string): Node {
  const found = actions(card).find(({ title }) => title === label);
  if (found === undefined)
    throw new Error(`no button "${label}" on it: ${labels(card).join(", ")}`);
  return found;
}

function isFetch(data: { readonly msteams?: { readonly type?: string } }): boolean {
  return data.msteams?.type === "task/fetch";
}

function whereOf({ channel, root }: TeamsMessage): string {
  return root === undefined ? channel : `${channel};messageid=${root}`;
}

/** What a client would send of a card's inputs; a choice that is not there can't be made. */
function inputsOf(card: Card, given: { readonly [field: string]: string }) {
  const all = inputs(card);
  const unknown = Object.keys(given).filter((field) => !all.some(({ id }) => id === field));
  if (unknown.length > 0) throw new Error(`the form has no ${unknown.join(", ")}`);
  return Object.fromEntries(
    all.map(({ id, value, choices, valueOff }) => {
      const set = given[String(id)] ?? value ?? valueOff ?? "";
      const options = choices as readonly { readonly value: string }[] | undefined;
      if (options && set !== "" && !options.some((one) => one.value === set))
        throw new Error(`the menu does not have ${String(set)}`);
      return [id, set];
    }),
  );
}

function inputs(it: unknown): readonly Node[] {
  if (Array.isArray(it)) return it.flatMap(inputs);
  if (typeof it !== "object" || it === null) return [];
  const here = it as Node;
  const mine = String(here["type"]).startsWith("Input.") ? [here] : [];
  return [...mine, ...Object.values(here).flatMap(inputs)];
}
