/** A Shipmate that is asked to end while much is under way: how it goes, and what the next one makes of it. */
import { setTimeout as sleep } from "node:timers/promises";
import { crowd } from "./crowd.ts";
import { openFleet, type Place } from "./fleet.ts";
import { type Judged, judge } from "./judge.ts";

export interface Stopped extends Judged {
  readonly stops: readonly {
    readonly code: number | null;
    /** Milliseconds from the signal to the end. */
    readonly took: number;
    /** What it wrote to its log from the signal on. */
    readonly said: string;
    /** Whether `/readyz` was seen to be 503 because it stops. */
    readonly told: boolean;
  }[];
}

/** So many times, each with `inFlight` deploys under way and half as many more just said. */
export async function stopping(place: Place, times: number, inFlight: number): Promise<Stopped> {
  const fleet = await openFleet(place);
  const stops: Stopped["stops"][number][] = [];
  try {
    await fleet.outside({ is: "mood", slow: 400, lost: 0 });
    let replica = fleet.launch(0);
    await replica.ready;
    const people = crowd(fleet, { atOnce: inFlight * 1.5 });
    try {
      for (let n = 0; n < times; n += 1) {
        while (people.open() < inFlight) await sleep(5);
        await sleep(300);
        const before = replica.complained();
        const began = performance.now();
        replica.kill("SIGTERM");
        const told = await sees503(replica.url());
        const { code } = await replica.ended;
        const took = Math.round(performance.now() - began);
        stops.push({ code, took, said: replica.complained().slice(before.length), told });
        replica = fleet.launch(0);
        await replica.ready;
      }
      await fleet.outside({ is: "mood", slow: 0, lost: 0 });
      return { ...(await judge(fleet, people)), stops };
    } finally {
      await people.stop();
    }
  } finally {
    await fleet.close();
  }
}

/** Asks until nobody answers any more. */
async function sees503(url: string): Promise<boolean> {
  let seen = false;
  for (;;) {
    try {
      const answer = await fetch(new URL("/readyz", url));
      const text = await answer.text();
      seen ||= answer.status === 503 && text.includes("Shipmate is stopping.");
    } catch {
      return seen;
    }
    await sleep(10);
  }
}
