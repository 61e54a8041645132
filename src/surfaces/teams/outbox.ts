/** Messages to Teams: posted, changed in place, and found again after a lost answer where somebody sees them. */
import { z } from "zod";
import type { OutMessage, Place } from "../../core/surface.ts";
import { Gone, Patience } from "../../core/surface.ts";
import { isWhole } from "../adaptive/fitted.ts";
import { isForTests, isService, publicCloud, type TeamsConfig } from "./config.ts";
import { type Ask, TooBig } from "./connector.ts";
import { type Around, aimedAt, draw, most, seenBy } from "./draw.ts";
import type { Files } from "./files.ts";
import type { Known } from "./known.ts";
import {
  conversationOf,
  isPerson,
  isThreaded,
  refOf,
  rootOf,
  type Standing,
  standing,
} from "./ref.ts";
import type { Roster } from "./roster.ts";
import type { Sightings } from "./sightings.ts";

export interface OutboxParts {
  readonly config: TeamsConfig;
  readonly ask: Ask;
  readonly known: Known;
  readonly roster: Roster;
  readonly sightings: Sightings;
  readonly files: Files;
}

/** A conversation to post into. */
export interface Address {
  readonly channel: string;
  readonly root?: string;
  readonly serviceUrl: string;
}

export type Outbox = ReturnType<typeof outbox>;

export function outbox({ config, ask, known, roster, sightings, files }: OutboxParts) {
  /** How often in a row Teams did not say who belongs to a conversation. */
  const blind = new Map<string, number>();
  return { post, edit, find, remove, say };

  async function post(place: Place, message: OutMessage, signal: AbortSignal): Promise<string> {
    const at = await addressOf(place, signal);
    if (message.to === undefined || known.isPersonal(at.channel))
      return await put(at, message, signal);
    return await whisper(at, message.to, message, signal);
  }

  /** Teams has no message that one person alone sees in a group: it goes into their chat with the app. */
  async function whisper(at: Address, to: string, message: OutMessage, signal: AbortSignal) {
    const chat = await chatWith(to, at, signal).catch((error: unknown) => {
      if (error instanceof Gone) return undefined;
      throw error;
    });
    if (chat !== undefined)
      return await put({ channel: chat, serviceUrl: at.serviceUrl }, message, signal);
    const card = { title: cannotReach, buttons: [] };
    return await put(at, { id: message.id, card, calls: [to] }, signal);
  }

  async function put(at: Address, said: OutMessage, signal: AbortSignal): Promise<string> {
    const owner = known.owner(at.channel);
    if (owner !== undefined && said.calls?.includes(owner) === false)
      throw new Gone(`posting in ${at.channel}: nobody who is called is there`);
    const message = forReaders(at, said);
    const around = await aroundOf(at, message, signal, { isNew: true });
    try {
      const ref = await sized(around, (limited) => send(at, draw(message, limited), signal));
      sightings.stands(message.id, ref);
      await offerWhole(at, message, signal);
      return ref;
    } catch (error) {
      const certain = [Patience, Gone, TooBig].some((kind) => error instanceof kind);
      if (certain) sightings.refused(message.id);
      else sightings.lost(message.id);
      throw error;
    }
  }

  /** What had to be cut is offered as a file, where Teams has a way for it. */
  async function offerWhole(at: Address, message: OutMessage, signal: AbortSignal): Promise<void> {
    const { card, form, id } = message;
    const account = known.owner(at.channel);
    if (account === undefined || card.code === undefined || isWhole(card, form)) return;
    try {
      await send(at, files.offer(id, account, card.title, card.code.text), signal);
    } catch (error) {
      config.log("warn", `offering a file in ${at.channel}`, error);
    }
  }

  async function edit(
    _place: Place,
    ref: string,
    said: OutMessage,
    signal: AbortSignal,
  ): Promise<void> {
    const at = standingOf(ref);
    const message = forReaders(at, said);
    if (message.to !== undefined && !known.isPersonal(at.channel) && !at.channel.startsWith("a:"))
      throw new Gone(`changing ${ref}: it only said where the answer could be had`);
    sightings.stands(message.id, ref);
    const around = await aroundOf(at, message, signal, { isNew: false });
    const call = {
      doing: `changing a message in ${at.channel}`,
      method: "PUT",
      ...pathOf(at),
    } as const;
    await sized(around, (limited) =>
      ask({ ...call, body: { ...draw(message, limited), id: at.activity } }, signal),
    );
  }

  function find(_place: Place, id: string, signal: AbortSignal): Promise<string | undefined> {
    return sightings.find(id, signal);
  }

  /** Deletes a message; one that is gone is fine. */
  async function remove(ref: string, signal: AbortSignal): Promise<void> {
    const at = standingOf(ref);
    const doing = `deleting a message in ${at.channel}`;
    await ask({ doing, method: "DELETE", ...pathOf(at) }, signal).catch((error: unknown) => {
      if (!(error instanceof Gone)) throw error;
    });
  }

  /** Posts something outside of any run, once: what can't be posted is never tried again. */
  async function say(place: Place, activity: object, signal: AbortSignal): Promise<void> {
    const at = await addressOf(place, signal);
    await send(at, activity, signal);
  }

  async function send(at: Address, activity: object, signal: AbortSignal): Promise<string> {
    const { channel, root, serviceUrl } = at;
    const doing = `posting in ${channel}`;
    if (isThreaded(channel) && root === undefined) {
      // A new post, which begins a thread of its own.
      const body = { ...opening(), isGroup: true, channelData: { channel: { id: channel } } };
      const call = { doing, method: "POST", serviceUrl, path: "v3/conversations" } as const;
      const made = Made.parse(await ask({ ...call, body: { ...body, activity } }, signal));
      const id = made.activityId ?? made.id.split(";messageid=")[1];
      if (!id) throw new Error(`${doing}: no reference came back`);
      return refOf({ channel, root: id, activity: id, serviceUrl });
    }
    const path = `v3/conversations/${encodeURIComponent(conversationOf(channel, root))}/activities`;
    const posted = Posted.parse(
      await ask({ doing, method: "POST", serviceUrl, path, body: activity }, signal),
    );
    return refOf({ ...at, activity: posted.id });
  }

  /**
   * In somebody's own chat there is one reader: they see what is theirs at once, in every client. Elsewhere Teams has
   * no way for a file, so that a card which shows only the end of a text says where there is one.
   */
  function forReaders<M extends OutMessage>(at: Address, message: M): M {
    const owner = known.owner(at.channel);
    const { code, facts = [] } = message.card;
    if (owner === undefined && (code === undefined || isWhole(message.card, message.form)))
      return message;
    if (owner === undefined)
      return { ...message, card: { ...message.card, facts: [...facts, askAlone] } };
    const card = seenBy(message.card, owner);
    const buttons = card.buttons.map(({ for: _, ...button }) => button);
    return { ...message, card: { ...card, buttons } };
  }

  /** Tries the other budget that Teams documents where it finds the message too big after all. */
  async function sized<T>(around: Around, call: (around: Around) => Promise<T>): Promise<T> {
    try {
      return await call(around);
    } catch (error) {
      if (!(error instanceof TooBig)) throw error;
      return await call({ ...around, limit: 28_000 });
    }
  }

  async function aroundOf(
    at: Address,
    message: OutMessage,
    signal: AbortSignal,
    { isNew }: { readonly isNew: boolean },
  ): Promise<Around> {
    const calls = isNew ? (message.calls ?? []) : [];
    const there = await mrisOf(at, calls, signal);
    // Whoever is no member there can't be mentioned there.
    const called = calls.flatMap((account) => {
      const id = there?.get(account);
      return id === undefined ? [] : [{ id, name: known.face(account)?.name ?? "" }];
    });
    const asked = [...((await mrisOf(at, aimedAt(message.card), signal))?.values() ?? [])];
    // Where there is no room for so many views everybody sees all buttons: the door decides anyway.
    const aimed = asked.length > most ? [] : asked;
    const recent = isNew ? known.viewers(at.channel) : [];
    const seen = aimed.length + recent.length > 0 || !isNew;
    const viewers = seen ? recent : await someOf(at, signal);
    return {
      called,
      aimed: aimed.length > 0,
      viewers: [...new Set([...aimed, ...viewers])].slice(0, most),
    };
  }

  /**
   * Where nobody else is asked to look at a new message, some who belong there are, so that it can be found. Where Teams
   * does not say who does, it is asked again a few times before anything is posted that nobody could find.
   */
  async function someOf(at: Address, signal: AbortSignal): Promise<readonly string[]> {
    try {
      const some = await roster.some(at, lookers, signal);
      blind.delete(at.channel);
      return some;
    } catch (error) {
      const times = (blind.get(at.channel) ?? 0) + 1;
      if (blind.size > 1000) blind.clear();
      blind.set(at.channel, times);
      if (times < patient || error instanceof Gone || signal.aborted) throw error;
      config.log("warn", `asking who belongs to ${at.channel}`, error);
      return [];
    }
  }

  /** Teams' ids of those who are members there; undefined where Teams does not say. */
  async function mrisOf(at: Address, accounts: readonly string[], signal: AbortSignal) {
    if (accounts.length === 0) return undefined;
    try {
      return await roster.mris(at, accounts, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      config.log("warn", `asking who belongs to ${at.channel}`, error);
      return undefined;
    }
  }

  async function addressOf(place: Place, signal: AbortSignal): Promise<Address> {
    const root = rootOf(place);
    const before = place.thread === undefined ? undefined : standing(place.thread)?.serviceUrl;
    const serviceUrl = serviceOf(place.channel, before);
    if (!isPerson(place.channel))
      return { channel: place.channel, serviceUrl, ...(root === undefined ? {} : { root }) };
    const channel = await chatWith(place.channel, { serviceUrl }, signal);
    return { channel, serviceUrl };
  }

  /** Opening a chat twice gives the same one. */
  async function chatWith(
    account: string,
    near: { readonly channel?: string; readonly serviceUrl: string },
    signal: AbortSignal,
  ): Promise<string> {
    const open = known.chat(account);
    if (open !== undefined) return open;
    const { channel, serviceUrl } = near;
    if (known.face(account) === undefined && channel !== undefined)
      await roster
        .mris({ channel, serviceUrl }, [account], signal)
        .catch((error: unknown) => config.log("warn", `asking who belongs to ${channel}`, error));
    const member = { id: known.face(account)?.mri ?? account };
    const call = { doing: "opening a chat with one person", method: "POST", serviceUrl } as const;
    const body = { ...opening(), isGroup: false, members: [member] };
    const made = Made.parse(await ask({ ...call, path: "v3/conversations", body }, signal));
    known.opened(account, made.id);
    return made.id;
  }

  function opening() {
    const tenant = config.app?.tenant;
    const id = known.bot() ?? `28:${config.app?.id ?? "shipmate"}`;
    return { bot: { id }, ...(tenant === undefined ? {} : { tenantId: tenant }) };
  }

  function standingOf(ref: string): Standing {
    const at = standing(ref);
    if (at === undefined) throw new Gone("changing a message: its reference says nothing");
    return { ...at, serviceUrl: serviceOf(at.channel, at.serviceUrl) };
  }

  /** Where the conversation was last heard from, else where it was then, else what holds everywhere. */
  function serviceOf(channel: string, then: string | undefined): string {
    const good = (url: string) => isService(url, isForTests(config));
    const all = [known.service(channel), then, config.serviceUrl].filter(
      (one) => one !== undefined,
    );
    return all.find(good) ?? publicCloud;
  }
}

/** How many people's clients are asked to tell where a message stands, and how often it is asked who they are. */
const lookers = 20;
const patient = 4;

/** Where the whole of a long text can be had. */
export const askAlone = "for all of it as a file, say it to Shipmate alone";

export const cannotReach =
  "There is an answer for you alone. Open a chat with Shipmate (Apps, Shipmate), then ask again.";

const Made = z.object({ id: z.string().min(1), activityId: z.string().nullish() });
const Posted = z.object({ id: z.string().min(1) });

function pathOf({ channel, root, activity, serviceUrl }: Standing) {
  const conversation = encodeURIComponent(conversationOf(channel, root));
  return {
    serviceUrl,
    path: `v3/conversations/${conversation}/activities/${encodeURIComponent(activity)}`,
  };
}
