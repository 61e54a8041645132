/** A deploy under kill -9: lived up to a moment, killed there, started again, lived to its end and judged. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { z } from "zod";
import { type Chat, chat, type Message } from "../src/surfaces/cli/chat.ts";
import { processesOf, type Running, start, stateOf, until } from "./shipmate.ts";

/** What a moment is chosen by. Each promise is kept at most once, in this order. */
export interface Life {
  /** The console answered what ada said. */
  readonly said: Promise<void>;
  /** The card asks for approval. */
  readonly planned: Promise<void>;
  /** The console answered grace's click. */
  readonly approved: Promise<void>;
  /** The run has ended. */
  readonly ended: Promise<void>;
  /** The local world has come so far. */
  world(is: (now: ReturnType<typeof stateOf>) => boolean): Promise<unknown>;
  /** Asks the service itself. */
  serves(version: string): Promise<unknown>;
}
export interface Moment {
  readonly name: string;
  /** `broken`: 1.5.0 of web, which crashes while it starts and is taken back. */
  readonly broken?: boolean;
  readonly when: (life: Life, next: { readonly version: string }) => Promise<unknown>;
}
export interface Shipped {
  readonly shipmate: Running;
  /** What runs now, as long as nobody asks for more. */
  readonly version: string;
}

const production = ["production", "web"] as const;
const ends = /^(Succeeded|Taken back|Refused|Cancelled|Expired|Rejected|Abandoned|Nothing to do)/;

/** One deploy, killed at the moment and judged after its end. Gives the Shipmate that runs then. */
export async function killedAt(
  moment: Moment,
  before: Shipped,
  folder: string,
  channel: string,
): Promise<Shipped> {
  const good = before.version === "1.4.1" ? "1.4.2" : "1.4.1";
  const version = moment.broken ? "1.5.0" : good;
  const effects = stateOf(folder, ...production).effects;
  const round = { folder, channel, version };
  const first = lived(before.shipmate, round, false);
  first.over.catch(() => undefined); // it is killed in the middle of its talk
  const came = moment.when(first.life, { version }).then(() => "the moment came");
  const missed = first.over.then(() => sleep(1_000)).then(() => "the run ended before it");
  missed.catch(() => undefined);
  expect(await Promise.race([came, missed])).toBe("the moment came");
  before.shipmate.kill("SIGKILL");
  await before.shipmate.ended;
  await first.over.catch(() => undefined);

  const shipmate = await start({ SHIPMATE_HOME: folder });
  // On a machine that does much else, as many times longer as the slower of these starts was.
  const slow = Math.max(1_000, before.shipmate.took, shipmate.took) / 1_000;
  const usual = Math.max(1_000, before.shipmate.took);
  expect(shipmate.took, "it starts within seconds").toBeLessThan(20 * usual);
  const again = lived(shipmate, round, first.isSaid());
  const ready = performance.now();
  const root = await again.over;
  const still = "the card does not stand still";
  expect(performance.now() - ready, still).toBeLessThan(15_000 * slow);
  await judge(shipmate, root, { ...round, was: before.version, effects, moment });
  return { shipmate, version: moment.broken ? before.version : version };
}

interface Round {
  readonly folder: string;
  readonly channel: string;
  readonly version: string;
  /** Milliseconds that a card may take to change; 60 s unless told. */
  readonly patience?: number;
}

/** Ada says it unless it is there, grace approves what asks for it, until the run's end. */
export function lived(shipmate: Running, round: Round, wasAnswered: boolean) {
  const settings = {
    url: shipmate.url,
    channel: round.channel,
    patience: round.patience ?? 60_000,
  };
  const [ada, grace] = [chat("ada", settings), chat("grace", settings)];
  const marks = {
    said: Promise.withResolvers<void>(),
    planned: Promise.withResolvers<void>(),
    approved: Promise.withResolvers<void>(),
    ended: Promise.withResolvers<void>(),
  };
  let answered = wasAnswered;
  const talk = async (): Promise<Message> => {
    if (!(await isThere(ada, answered, shipmate))) {
      await ada.say(`deploy web ${round.version} to production`);
      answered = true;
    }
    marks.said.resolve();
    for (;;) {
      const root = await ada.until("a card that asks or has ended", ({ kind, card }) => {
        const asks = card?.buttons.some(({ label }) => label === "Approve") === true;
        return kind === "root" && (asks || ends.test(card?.state?.word ?? ""));
      });
      if (ends.test(root.card?.state?.word ?? "")) {
        marks.ended.resolve();
        return root;
      }
      marks.planned.resolve();
      await grace.press(root, "Approve");
      marks.approved.resolve();
      await sleep(150);
    }
  };
  return {
    life: {
      said: marks.said.promise,
      planned: marks.planned.promise,
      approved: marks.approved.promise,
      ended: marks.ended.promise,
      world: (is: (now: ReturnType<typeof stateOf>) => boolean) =>
        quickly(() => is(stateOf(round.folder, ...production))),
      serves: (version: string) =>
        quickly(async () => (await served(round.folder))?.version === version),
    } satisfies Life,
    over: talk(),
    isSaid: () => answered,
  };
}

/** Like `until`, with almost no pause: a moment is short. */
async function quickly(ask: () => Promise<boolean> | boolean): Promise<void> {
  const late = performance.now() + 60_000;
  while (!(await ask())) {
    if (performance.now() > late) throw new Error("the moment did not come");
    await sleep(2);
  }
}

/** What was answered must be there; what was not may come from the inbox yet. */
async function isThere(ada: Chat, answered: boolean, { url }: Running): Promise<boolean> {
  const root = async () => (await ada.read()).some(({ kind }) => kind === "root");
  if (await root()) return true;
  if (answered) {
    await until("the run of what was said and answered", root).catch(async (error) => {
      throw new Error(JSON.stringify((await ada.read()).map(({ text }) => text)), { cause: error });
    });
    return true;
  }
  if (!(await ada.read()).some(({ kind }) => kind === "said")) return false;
  await until("an inbox that is empty", async () => {
    const metrics = await fetch(new URL("/metrics", url));
    return /^shipmate_inbox_open 0$/m.test(await metrics.text());
  });
  return await root();
}

const Told = z.object({ version: z.string(), pid: z.int() });

/** What answers at the service's own address, or undefined while nothing does. */
export async function served(folder: string): Promise<z.output<typeof Told> | undefined> {
  const { port } = stateOf(folder, ...production);
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/version`);
    return Told.parse(await answer.json());
  } catch {
    return undefined;
  }
}

const Audit = z.object({
  chain: z.object({ holds: z.boolean(), says: z.string() }),
  rows: z.array(z.object({ did: z.string(), person: z.string() })),
});
const Run = z.object({ state: z.string(), says: z.string() });

interface Judging extends Round {
  readonly was: string;
  readonly effects: number;
  readonly moment: Moment;
}

async function judge(shipmate: Running, root: Message, j: Judging): Promise<void> {
  const ask = async (path: string) => (await fetch(new URL(path, shipmate.url))).json();
  const { broken = false } = j.moment;
  const run = Run.parse(await ask(`/api/v1/runs/${root.run}`));
  const wanted = broken ? "taken back" : "succeeded";
  expect(run.state, run.says).toBe(wanted);
  expect(root.card?.state?.word.toLowerCase()).toBe(wanted);
  expect(root.card?.says).toContain(run.says);
  expect(run.says).toMatch(
    broken ? new RegExp(`1\\.5\\.0.*${j.was} (still )?runs`) : /runs in production/,
  );

  const messages = await chat("ada", { url: shipmate.url, channel: j.channel }).read();
  expect(messages.filter(({ kind }) => kind === "root")).toHaveLength(1);

  const { rows } = Audit.parse(await ask(`/api/v1/audit?run=${root.run}&limit=200`));
  const count = (did: string) => rows.filter((row) => row.did === did).length;
  expect(
    [count("asked for"), count("approved"), count("carried out"), count("took back")],
    JSON.stringify(rows),
  ).toEqual([1, 1, 1, broken ? 1 : 0]);
  expect(count(`ended: ${wanted}`)).toBe(1);
  const { chain } = Audit.parse(await ask("/api/v1/audit"));
  expect(chain.holds, chain.says).toBe(true);

  const state = stateOf(j.folder, ...production);
  expect(state.effects - j.effects, "each effect once").toBe(broken ? 2 : 1);
  const version = broken ? j.was : j.version;
  const told = await until("the service's answer", () => served(j.folder));
  expect(told.version).toBe(version);
  await until("one process alone", () => {
    const all = processesOf(j.folder);
    return all.length === 1 && all[0] === told.pid;
  }).catch((error: unknown) => {
    throw new Error(`${processesOf(j.folder)} run, ${told.pid} serves`, { cause: error });
  });
}
