/** Processes that sleep past their claims and go on as if nothing had happened, while others took over what they drove. */
import { setTimeout as sleep } from "node:timers/promises";
import { leaseLength } from "../../src/store/claims.ts";
import { crowd } from "./crowd.ts";
import { openFleet, type Place, type Replica } from "./fleet.ts";
import { type Judged, judge } from "./judge.ts";
import type { Moment, Point } from "./points.ts";

export interface Sleeping {
  readonly sleeps: number;
  /** How many sleep, one after the other; one more never does and takes over. */
  readonly seats: number;
  readonly atOnce: number;
  readonly progress?: (sleeps: number, lost: number) => void;
}
export interface Slept extends Judged {
  readonly sleeps: number;
  /** Runs that a sleeper drove when it fell asleep. */
  readonly drove: number;
  /** What it wrote for them when it woke was kept back: somebody else had them. */
  readonly fenced: number;
  readonly at: { readonly [point in Point]?: number };
  readonly minutes: number;
}

/**
 * While a claim is held. Not "before post", which is right before the request to the chat: what leaves a process there
 * after its sleep is a second message, which no chat refuses. An effect that leaves so late is refused by its key.
 */
const asleep: readonly Point[] = [
  ...["claimed", "planned", "begun", "before intent", "after intent", "after effect"],
  ...["before checkpoint", "after checkpoint", "before undo", "before undo's intent"],
  ...["after undo's intent", "before undo's checkpoint", "before rest", "before end", "after post"],
] as readonly Point[];

export async function sleepPast(place: Place, how: Sleeping): Promise<Slept> {
  const began = performance.now();
  const fleet = await openFleet(place);
  try {
    const at: { [point in Point]?: number } = {};
    let [begun, sleeps, drove] = [0, 0, 0];
    const all: Replica[] = [];
    const lost = () => all.reduce((sum, { said }) => sum + countOf(said(), /^lost a claim$/gm), 0);
    const people = crowd(fleet, { atOnce: how.atOnce });
    const telling = setInterval(() => how.progress?.(sleeps, lost()), 1_000);
    const seat = async (n: number): Promise<void> => {
      const moments: Moment[] = [];
      for (; begun < how.sleeps && moments.length < Math.ceil(how.sleeps / how.seats); begun++) {
        const point = asleep[begun % asleep.length] ?? "claimed";
        moments.push({ at: point, nth: 1, after: 0, signal: "SIGSTOP" });
      }
      const replica = fleet.launch(n, { moments });
      all.push(replica);
      for (const [turn, moment] of moments.entries()) {
        const lines = await stopped(replica, turn + 1);
        drove += Number(/ (\d+)$/.exec(lines[turn] ?? "")?.[1] ?? 0);
        at[moment.at] = (at[moment.at] ?? 0) + 1;
        await sleep(leaseLength + 1_500);
        replica.kill("SIGCONT");
        sleeps += 1;
      }
      if (!(await replica.ready)) throw new Error(`it ended: ${replica.complained()}`);
    };
    try {
      const awake = fleet.launch(how.seats);
      all.push(awake);
      await awake.ready;
      await Promise.all(Array.from({ length: how.seats }, (_, n) => seat(n)));
      // Whatever it was that fell asleep: another of its requests may have been about to leave.
      const judged = await judge(fleet, people, { again: sleeps, twice: sleeps });
      const minutes = (performance.now() - began) / 60_000;
      return { ...judged, sleeps, drove, fenced: lost(), at, minutes };
    } finally {
      clearInterval(telling);
      await people.stop();
    }
  } finally {
    await fleet.close();
  }
}

/** Waits until it fell asleep for the `nth` time, and gives the lines that say so. */
async function stopped(replica: Replica, nth: number): Promise<readonly string[]> {
  for (;;) {
    const lines = replica.said().match(/^SIGSTOP .*$/gm) ?? [];
    if (lines.length >= nth) return lines;
    if (replica.isOver()) throw new Error(`it ended: ${replica.complained()}`);
    await sleep(20);
  }
}

function countOf(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
