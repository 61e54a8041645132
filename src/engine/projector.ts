/**
 * The projector: what stands in a chat follows what should stand there.
 *
 * - The last write wins: a message that changed ten times while its channel was slow is edited once.
 * - An edit without an answer may still arrive, over what came after it: two minutes later it is drawn once more.
 * - A lost answer, or one that a crash kept from us, is looked up by the message's id before anything is posted again.
 * - A chat's budgets and its `Patience` hold for all processes; in a thread, what was said first is posted first.
 * - A card that comes late says so, until it was changed in time.
 * - A message that is gone is posted anew; a channel that is gone is given up.
 * - Chat being down never holds up a run.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Button, Card, DrawnCard } from "../core/card.ts";
import { canonical } from "../core/plan.ts";
import { Gone, type OutMessage, Patience, type Place, type Surface } from "../core/surface.ts";
import { type Meter, secondsSince } from "../observe/meter.ts";
import { insertButtons } from "../store/buttons.ts";
import type { Database } from "../store/database.ts";
import { endDoubts } from "../store/doubt.ts";
import { gathered } from "../store/gather.ts";
import { type Behind, claimBehind, type Message, nextPost } from "../store/messages.ts";
import { hold, openPaces, pacesFor, pacesOf } from "../store/paces.ts";
import {
  markLater,
  markLost,
  markPosted,
  markSame,
  markSoon,
  markTried,
  type Posted,
} from "../store/posted.ts";
import { readSnapshots } from "../store/snapshot.ts";
import { markFound } from "../store/standing.ts";
import type { Accounts } from "./changing.ts";
import { sha256 } from "./digest.ts";
import { runCard } from "./run-card.ts";
import { sentence, spanText } from "./words.ts";

export interface ProjectorParts {
  readonly database: Database;
  readonly surfaces: readonly Surface[];
  readonly nameOf: (person: string) => string;
  /** The accounts of these people, by surface: who a button is for. Unless told, every button is for everybody. */
  readonly accountsOf?: (people: readonly string[]) => Accounts;
  /** The one masking sink. */
  readonly mask: <T>(value: T) => T;
  readonly troubled?: (error: unknown, message: string) => void;
  readonly meter?: Meter;
  /** Milliseconds that only grow; the process' own unless told. */
  readonly clock?: () => number;
}
export interface Projector {
  /** Something may be behind. */
  poke(): void;
  /** Posts all that may be posted now and comes back. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** How long after a poke it begins, in milliseconds: what was said goes on first, and several changes become one edit. */
const breath = 15;
/** The least time between two claims of messages while some are posted: what changes meanwhile goes on together. */
const gap = 40;
/** How long one call of a surface may take, and how long a message is claimed for it, in milliseconds. */
const callLimit = 15_000;
const lease = 30_000;
/** How often the others are looked after while something is posted, in milliseconds. */
const beat = 100;
/** The longest sleep between two looks, in milliseconds: finds what another process left. */
const sweep = 2_000;
/** How often it looks for what is to be drawn once more, in milliseconds. */
const doubtSweep = 5_000;
/** From when on a card is late and says so, and how long it says so at least, in milliseconds. */
const slow = 10_000;
/** After so many failures in a row a surface is away. */
const away = 3;

export function createProjector(parts: ProjectorParts): Projector {
  const { database, clock = () => performance.now() } = parts;
  const surfaces = new Map(parts.surfaces.map((surface) => [surface.name, surface]));
  const names = [...surfaces.keys()];
  const closing = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let waking: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;
  let again = false;

  const paces = parts.surfaces.flatMap(({ name, budgets }) => pacesOf(name, budgets));
  let ready: Promise<void> | undefined;
  let sweptDoubts = Number.NEGATIVE_INFINITY;
  /** Channels that something is posted in. One that is slow or away holds up no other. */
  const busy = new Map<string, Promise<void>>();
  // Channels go on side by side: what they ask of the database at the same time is one statement.
  const shotOf = gathered((runs: readonly string[]) => readSnapshots(database, runs));
  const posted = gathered(async (all: readonly Posted[]) => {
    await markPosted(database, all);
    return all;
  });
  const offered = gathered(async (all: readonly (readonly Offer[])[]) => {
    await insertButtons(database, all.flat());
    return all;
  });
  /** Failures in a row, by surface. */
  const failures = new Map<string, number>();
  let stir = () => {};

  const round = async (pause: number): Promise<void> => {
    ready ??= openPaces(database, [...new Set(paces.map(({ surface }) => surface))]);
    await ready.catch((error: unknown) => {
      ready = undefined;
      throw error;
    });
    if (clock() - sweptDoubts >= doubtSweep) {
      sweptDoubts = clock();
      await endDoubts(database);
    }
    while (!closing.signal.aborted) {
      again = false;
      // A slow chat may outlast the claim: what is left then is somebody else's.
      const claimed = performance.now();
      const until = clock() + lease - callLimit;
      const wants = { surfaces: names, paces, busy: [...busy.keys()], limit: 40, lease };
      const behind = await claimBehind(database, wants);
      const channels = Map.groupBy(behind, ({ surface, channel }) => `${surface} ${channel}`);
      for (const [channel, messages] of channels) {
        const posting = bringAll(messages, claimed, until)
          .catch((error: unknown) => parts.troubled?.(error, ""))
          .finally(() => busy.delete(channel));
        busy.set(channel, posting);
      }
      if (busy.size > 0 && !again) await turned();
      else if (wants.busy.length === 0 && behind.length === 0 && !again) return;
      const left = claimed + pause - performance.now();
      if (left > 0) await sleep(left, undefined, { signal: closing.signal }).catch(() => {});
    }
  };
  /** Something was posted, something may be behind, or a moment went by. */
  const turned = async (): Promise<void> => {
    const stirred = Promise.withResolvers<void>();
    stir = stirred.resolve;
    const timer = setTimeout(stirred.resolve, beat);
    await Promise.race([stirred.promise, ...busy.values()]);
    clearTimeout(timer);
  };
  const bringAll = async (
    messages: readonly Behind[],
    claimed: number,
    until: number,
  ): Promise<void> => {
    for (const message of messages) {
      if (clock() >= until || closing.signal.aborted) return;
      await bring(message, claimed, until);
    }
  };
  const work = (pause = gap): Promise<void> => {
    clearTimeout(timer);
    clearTimeout(waking);
    waking = undefined;
    again = true;
    working ??= round(pause)
      .catch((error: unknown) => parts.troubled?.(error, ""))
      .finally(() => {
        working = undefined;
        void rest();
      });
    return working;
  };
  const rest = async (): Promise<void> => {
    const wait = await nextPost(database, { surfaces: names, paces }).catch(() => sweep);
    if (closing.signal.aborted || working) return;
    clearTimeout(timer);
    timer = setTimeout(() => void work(), Math.min(sweep, Math.max(20, wait ?? sweep)));
    timer.unref();
  };

  const bring = async (message: Behind, claimed: number, until: number): Promise<void> => {
    const surface = surfaces.get(message.surface);
    if (!surface) return;
    try {
      const card = await cardOf(message);
      if (!card) return await markLost(database, message.id);
      const { drawn, rows } = draw(message, parts.mask(card), parts.accountsOf);
      const hash = sha256([drawn, message.form]);
      const rev = message.wanted_rev;
      const stands = message.ref === null ? undefined : message.posted_hash;
      if (stands === hash) return await markSame(database, message.id, rev);
      const isLate = message.kind === "root" && message.late > slow && stands !== `${hash} late`;
      const shown = isLate ? sayingLate(drawn, message) : drawn;
      if (rows.length > 0) await offered(rows);
      const ref = await post(surface, message, shown, until);
      if (ref === undefined) return;
      await posted({
        ...{ id: message.id, rev, ref, drawn: shown, again: isLate },
        hash: isLate ? `${hash} late` : hash,
        pace: isLate ? slow : surface.pace,
      });
      const seconds = message.late / 1_000 + secondsSince(claimed);
      parts.meter?.({ is: "posted", surface: message.surface, seconds });
      await answered(message.surface);
    } catch (error) {
      if (closing.signal.aborted) return;
      if (error instanceof Patience) await heldOff(message, error);
      else await failed(message, error);
    }
  };

  const cardOf = async (message: Message): Promise<Card | undefined> => {
    if (message.kind !== "root" || message.run === null) return message.card ?? undefined;
    const shot = await shotOf(message.run);
    return shot ? runCard(shot, parts.nameOf) : undefined;
  };

  /** Undefined: somebody else is posting it, or it was found and is to be changed. */
  const post = async (
    surface: Surface,
    message: Behind,
    card: DrawnCard,
    until: number,
  ): Promise<string | undefined> => {
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(callLimit)]);
    const place = placeOf(message);
    const out: OutMessage = {
      ...{ id: message.id, card },
      ...(message.to_account !== null && { to: message.to_account }),
      ...(message.calls !== null && { calls: message.calls }),
      ...(message.form && { form: message.form }),
    };
    let { ref } = message;
    if (ref === null && message.attempts > 0 && surface.find) {
      const found = await surface.find(place, message.id, signal);
      if (found !== undefined) {
        await markFound(database, message.id, found);
        return undefined;
      }
    }
    if (ref === null) {
      if (surface.find) {
        const ours = await markTried(database, message);
        // A process that slept past its claim must not post what another one has posted by now.
        if (!ours || clock() >= until) return undefined;
      }
      parts.meter?.({ is: "passed", point: "before post" });
      ref = await surface.post(place, out, signal);
    } else await surface.edit(place, ref, out, signal);
    parts.meter?.({ is: "passed", point: "after post" });
    return ref;
  };

  /** It was certainly not posted, so that it need not be looked for. */
  const heldOff = async (message: Message, { wait, asked }: Patience): Promise<void> => {
    const { id, surface, attempts } = message;
    if (asked) parts.meter?.({ is: "held off", surface });
    const counted = pacesFor(paces, message);
    if (counted.length > 0) await hold(database, surface, counted, wait);
    await markLater(database, id, { wait: counted.length > 0 ? 0 : wait, attempts });
  };

  const failed = async (message: Message, error: unknown): Promise<void> => {
    const { attempts, surface } = message;
    if (error instanceof Gone) {
      if (message.ref === null) return markLost(database, message.id);
      return markLater(database, message.id, { wait: 0, attempts, lost: true });
    }
    failures.set(surface, (failures.get(surface) ?? 0) + 1);
    parts.troubled?.(error, message.id);
    const wait = Math.min(60_000, 500 * 2 ** Math.min(attempts, 7));
    await markLater(database, message.id, { wait, attempts: attempts + 1, unknown: true });
  };

  const answered = async (surface: string): Promise<void> => {
    const wasAway = (failures.get(surface) ?? 0) >= away;
    failures.delete(surface);
    if (wasAway) await markSoon(database, surface);
  };

  return {
    poke() {
      if (working || closing.signal.aborted) {
        again = true;
        stir();
      } else waking ??= setTimeout(() => void work(), breath);
    },
    settle: async () => {
      await working;
      sweptDoubts = Number.NEGATIVE_INFINITY;
      await work(0);
    },
    async close() {
      closing.abort();
      clearTimeout(timer);
      clearTimeout(waking);
      await working;
      await Promise.all(busy.values());
    },
  };
}

/** A thread is one of our own messages, whose reference the surface knows, or a thread of the surface's. */
function placeOf({ surface, channel, thread, under }: Behind): Place {
  return thread === null ? { surface, channel } : { surface, channel, thread: under ?? thread };
}

function sayingLate(card: DrawnCard, { surface, late }: Behind): DrawnCard {
  const says = `came ${spanText(late)} late: ${sentence(surface)} is slow to take changes`;
  return { ...card, facts: [...(card.facts ?? []), says] };
}

type Offer = Parameters<typeof insertButtons>[1][number];

/** Gives each button an opaque id, the same whenever the same message is drawn again. */
function draw(
  message: Message,
  card: Card,
  accountsOf: ProjectorParts["accountsOf"],
): { readonly drawn: DrawnCard; readonly rows: readonly Offer[] } {
  const says = card.buttons ?? [];
  const ids = says.map((say) =>
    sha256([message.id, say.label, say.command, canonical(say.args)]).slice(0, 24),
  );
  const buttons = says.map(
    (say, i): Button => ({
      id: ids[i] ?? "",
      label: say.label,
      ...(say.primary !== undefined && { primary: say.primary }),
      ...(say.confirm !== undefined && { confirm: say.confirm }),
      ...aimed(accountsOf?.(say.for ?? [])[message.surface]),
    }),
  );
  const { surface, channel } = message;
  const rows = says.map((say, i) => ({
    ...{ id: ids[i] ?? "", message: message.id, surface, channel, command: say.command },
    args: JSON.parse(JSON.stringify(say.args ?? {})),
  }));
  return { drawn: { ...card, buttons }, rows };
}

/** Where nobody whom it is for has an account, it stays for everybody: pressing it says why not. */
const aimed = (accounts: readonly string[] | undefined) => accounts && { for: accounts };
