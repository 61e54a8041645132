/** People of the test's chat: they ask for deploys, say everything until it is acknowledged, and answer what the cards ask. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type Fleet, services } from "./fleet.ts";
import type { Said } from "./replica.ts";
import type { Told } from "./words.ts";

/** What was asked for. Its version is in no other. */
export interface Asked {
  readonly key: string;
  readonly title: string;
  readonly target: string;
  readonly version: string;
  acked: boolean;
  /** The word on its card, once that is an end. */
  end?: string;
}

export interface Crowd {
  readonly asked: readonly Asked[];
  /** How many are not over. */
  open(): number;
  /** Nobody asks for more; what is asked by cards is still answered. */
  enough(): void;
  /** Comes back when every card says an end. Throws after `patience` milliseconds without any news. */
  settled(silence: number): Promise<void>;
  stop(): Promise<void>;
}

export interface Crowding {
  /** How many deploys are under way at once. */
  readonly atOnce: number;
  /** How many are asked for at most. */
  readonly most?: number;
}

const Card = z.object({
  title: z.string(),
  state: z.object({ word: z.string() }).optional(),
  buttons: z.array(z.object({ id: z.string(), label: z.string() })),
});
/** What whoever pressed is told where the plan was made anew in that very moment: the same card may ask for the same again. */
const tooLate = /^(.*) is being planned anew/;
const ends = /^(Succeeded|Taken back|Refused|Cancelled|Expired|Rejected|Abandoned|Nothing to do)$/;
/** What people press whenever a card shows it: a vote once, unless it came too late, and patience with what failed for as long as it stands there. */
const vote = "Approve";
const patience = "Try again";
/** How long somebody who pressed looks at a card that does not change, in milliseconds. */
const impatience = 5_000;
/** How long somebody who was told to answer again lets the card change, in milliseconds. */
const aMoment = 1_000;
/** Milliseconds between two looks at the chat. */
const pace = 60;

export function crowd(fleet: Fleet, { atOnce, most = Infinity }: Crowding): Crowd {
  const asked: Asked[] = [];
  const byTitle = new Map<string, Asked>();
  /** By title: the vote that was given last. */
  const voted = new Map<string, { readonly id: string; press(): void }>();
  /** By message: what is pressed again for as long as it stands there, and when it was pressed last. */
  const failing = new Map<string, { press(): void; at: number }>();
  let presses = 0;
  const talking = new Set<Promise<void>>();
  let goesOn = true;
  let asks = true;
  let open = 0;
  let seen = 0;
  let news = performance.now();

  /** Again and again, to whoever is there, until somebody stored it: as chats do. */
  const deliver = async (said: Said): Promise<void> => {
    while (goesOn) {
      const some = [...fleet.live.values()];
      const one = some[Math.floor(Math.random() * some.length)];
      try {
        if (one) return await one.hear(said);
      } catch {
        // Not acknowledged: somebody else hears it.
      }
      await sleep(50);
    }
  };
  const talk = (said: Said, acked: () => void = () => {}) => {
    const talk = deliver(said).then(() => {
      if (goesOn) acked();
      talking.delete(talk);
    });
    talking.add(talk);
  };
  const ask = () => {
    const n = asked.length;
    const [service, environment] = [`s${n % services}`, n % 5 < 2 ? "production" : "staging"];
    const version = `1.0.${n}${n % 4 === 3 ? "-bad" : ""}`;
    const one: Asked = {
      ...{ key: `ask-${n}`, title: `Deploy ${service} ${version} to ${environment}` },
      ...{ target: `${environment}/${service}`, version, acked: false },
    };
    asked.push(one);
    byTitle.set(one.title, one);
    open += 1;
    const text = `deploy ${service} ${version} to ${environment}`;
    talk({ key: one.key, who: "ada", channel: `c${n % 8}`, said: { text } }, () => {
      one.acked = true;
    });
  };
  const read = ({ ref, channel, card }: Told["messages"][number]) => {
    const read = Card.safeParse(card);
    if (!read.success) return;
    const late = tooLate.exec(read.data.title)?.[1];
    const again = voted.get(late ?? "");
    if (again) setTimeout(again.press, aMoment);
    const one = byTitle.get(read.data.title);
    if (!one) return;
    failing.delete(ref);
    const { state, buttons } = read.data;
    if (state && ends.test(state.word)) {
      if (one.end === undefined) open -= 1;
      one.end = state.word;
      return;
    }
    for (const { id, label } of buttons) {
      const press = () => {
        presses += 1;
        const key = `press-${id}-${presses}`;
        talk({ key, who: "grace", channel, said: { button: id, message: ref } });
      };
      // The same button comes again where the same run fails again.
      if (label === patience) failing.set(ref, { press, at: -Infinity });
      if (label !== vote || voted.get(one.title)?.id === id) continue;
      voted.set(one.title, { id, press });
      press();
    }
  };
  const pressAgain = () => {
    const now = performance.now();
    for (const one of failing.values()) {
      if (now - one.at < impatience) continue;
      one.at = now;
      one.press();
    }
  };
  const live = async () => {
    while (goesOn) {
      const told = await fleet
        .outside<Told>({ is: "told", effects: 0x7fffffff, messages: seen })
        .catch(() => ({ effects: [], messages: [] }));
      seen += told.messages.length;
      if (told.messages.length > 0) news = performance.now();
      for (const message of told.messages) read(message);
      pressAgain();
      while (asks && open < atOnce && asked.length < most) ask();
      await sleep(pace);
    }
  };
  const living = live();
  return {
    asked,
    open: () => open,
    enough() {
      asks = false;
    },
    async settled(silence) {
      news = performance.now();
      while (asked.length === 0 || open > 0 || talking.size > 0) {
        if (performance.now() - news > silence) {
          const left = asked.filter((one) => one.end === undefined).map((one) => one.title);
          throw new Error(`no news for ${silence / 1_000} s, and these are not over: ${left}`);
        }
        await sleep(pace);
      }
    },
    async stop() {
      asks = false;
      goesOn = false;
      await Promise.all([living, ...talking]);
    },
  };
}
