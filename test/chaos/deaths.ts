/** kill -9 at named points, again and again: each process that comes up is told where it will die. */
import { setTimeout as sleep } from "node:timers/promises";
import { crowd } from "./crowd.ts";
import { openFleet, type Place } from "./fleet.ts";
import { type Judged, judge } from "./judge.ts";
import { type Point, points } from "./points.ts";

export interface Dying {
  readonly kills: number;
  /** Where that takes longer, it is left at fewer. */
  readonly minutes?: number;
  /** How many processes live at once; on PGlite always one. */
  readonly seats: number;
  /** How many deploys are under way at once. */
  readonly atOnce: number;
  /** Told about once a second. */
  readonly progress?: (kills: number, asked: number) => void;
}
export interface Died extends Judged {
  readonly kills: number;
  /** Processes that did not come to their point in time and were killed wherever they were. */
  readonly elsewhere: number;
  readonly at: { readonly [point in Point]?: number };
  readonly minutes: number;
}

/** How long a process may take to come to its point, in milliseconds. */
const patience = 15_000;

export async function die(place: Place, how: Dying): Promise<Died> {
  const began = performance.now();
  const { minutes = Infinity } = how;
  const fleet = await openFleet(place);
  try {
    const people = crowd(fleet, { atOnce: how.atOnce });
    const at: { [point in Point]?: number } = {};
    let [begun, kills, elsewhere] = [0, 0, 0];
    const seat = async (n: number): Promise<void> => {
      while (begun < how.kills && performance.now() - began < minutes * 60_000) {
        const turn = begun++;
        const point = points[turn % points.length] ?? "claimed";
        // Mostly in the very moment; every fourth a little later, anywhere.
        const after = turn % 4 === 3 ? Math.random() * 30 : 0;
        const nth = 1 + Math.floor(Math.random() * 3);
        const replica = fleet.launch(n, {
          moments: [{ at: point, nth, after, signal: "SIGKILL" }],
        });
        await replica.ready;
        const late = setTimeout(() => {
          elsewhere += 1;
          replica.kill("SIGKILL");
        }, patience);
        const { signal, code } = await replica.ended;
        clearTimeout(late);
        if (signal !== "SIGKILL") throw new Error(`it ended with ${code}: ${replica.complained()}`);
        if (replica.said().includes(`SIGKILL ${point} `)) at[point] = (at[point] ?? 0) + 1;
        kills += 1;
      }
      await fleet.launch(n).ready;
    };
    const seats = place.mode === "pglite" ? 1 : how.seats;
    const telling = setInterval(() => how.progress?.(kills, people.asked.length), 1_000);
    try {
      await Promise.all(
        Array.from({ length: seats }, (_, n) => sleep(n * 100).then(() => seat(n))),
      );
      const judged = await judge(fleet, people);
      return { ...judged, kills, elsewhere, at, minutes: (performance.now() - began) / 60_000 };
    } finally {
      clearInterval(telling);
      await people.stop();
    }
  } finally {
    await fleet.close();
  }
}
