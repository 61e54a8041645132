/** One process of three is cut off from something for a while; the others go on, and afterwards it does too. */
import { setTimeout as sleep } from "node:timers/promises";
import { crowd } from "./crowd.ts";
import { openFleet, type Place } from "./fleet.ts";
import { type Judged, judge } from "./judge.ts";
import { type Lines, proxied } from "./lines.ts";
import type { Line } from "./proxy.ts";

export const ends = ["database", "redis", "outside"] as const;
export type End = (typeof ends)[number];
export interface Cut {
  readonly from: readonly End[];
  readonly how: Exclude<Line, "through">;
  readonly seconds: number;
}
/** From each end, then from all of them, so many seconds each: packets dropped, connections torn off. */
export function oneAfterTheOther(seconds: number): readonly Cut[] {
  const froms: readonly (readonly End[])[] = [...ends.map((end) => [end]), ends];
  return froms.flatMap((from) => [
    { from, how: "silent" as const, seconds },
    { from, how: "reset" as const, seconds },
  ]);
}

export interface Healed extends Judged {
  /** Runs that ended while something was cut, by cut. */
  readonly meanwhile: readonly number[];
  /** Milliseconds from each healing to the first claim of the process that was cut off. */
  readonly back: readonly number[];
  readonly lost: number;
}

export interface Cutting {
  readonly cuts: readonly Cut[];
  /** How many deploys are under way at once. */
  readonly atOnce: number;
  /** How the lines are made; proxies unless told. */
  readonly lines?: (urls: readonly string[]) => Promise<Lines>;
}

export async function cutOff(
  place: Place & { readonly mode: "fleet" },
  { cuts, atOnce, lines: make = proxied }: Cutting,
): Promise<Healed> {
  const fleet = await openFleet(place);
  const { outsideUrl: outside } = fleet;
  const urls = { database: place.database, redis: place.redis, outside };
  const lines = await make(Object.values(urls));
  try {
    const others = [fleet.launch(1), fleet.launch(2)];
    await Promise.all(others.map(({ ready }) => ready));
    const cut = fleet.launch(0, {
      env: { DATABASE_URL: lines.via(place.database), REDIS_URL: lines.via(place.redis) },
      ...{ outside: lines.via(outside), under: lines.under },
    });
    await cut.ready;
    const people = crowd(fleet, { atOnce });
    try {
      const over = () => people.asked.length - people.open();
      const claims = () => cut.said().match(/^claimed$/gm)?.length ?? 0;
      const meanwhile: number[] = [];
      const back: number[] = [];
      const begin = claims();
      while (claims() === begin) await sleep(20);
      for (const { from, how, seconds } of cuts) {
        const before = over();
        for (const end of from) lines.become(urls[end], how);
        await sleep(seconds * 1_000);
        meanwhile.push(over() - before);
        const [healed, had] = [performance.now(), claims()];
        for (const end of from) lines.become(urls[end], "through");
        while (claims() === had) {
          if (cut.isOver() || performance.now() - healed > 120_000)
            throw new Error(`cut from ${from} (${how}), it never came back: ${cut.complained()}`);
          await sleep(20);
        }
        back.push(Math.round(performance.now() - healed));
      }
      // What was under way in a silent line arrives when it is mended, however late: only the outside can refuse it.
      const { late } = lines;
      const judged = await judge(fleet, people, { again: atOnce, twice: atOnce, late });
      const said = [cut, ...others].map((replica) => replica.said()).join("");
      const lost = said.match(/^lost a claim$/gm)?.length ?? 0;
      return { ...judged, meanwhile, back, lost };
    } finally {
      await people.stop();
    }
  } finally {
    await fleet.close();
    await lines.close();
  }
}
