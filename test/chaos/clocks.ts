/** Processes whose clocks are wrong, among others whose are right. */
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { crowd } from "./crowd.ts";
import { openFleet, type Place } from "./fleet.ts";
import { type Judged, judge } from "./judge.ts";

/** Debian's libfaketime; undefined where it is not installed. */
export function faketime(): string | undefined {
  return ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"]
    .map((folder) => `${folder}/faketime/libfaketime.so.1`)
    .find((path) => existsSync(path));
}

/** One of three, each time. */
export const wrong: readonly (readonly string[])[] = [
  ["+1h", "", ""],
  ["-1h", "", ""],
  ["+120", "", ""],
];

export interface Wrong extends Judged {
  /** How far off each process' clock was, in seconds, by its own word. */
  readonly off: readonly number[];
  /** Claims that a process lost to another. */
  readonly lost: number;
  readonly seconds: number;
}

/** `offsets`: one process each, as libfaketime says it: `+1h`, `-1h`, `+120`; "" for a clock that is right. */
export async function misled(
  place: Place,
  library: string,
  offsets: readonly string[],
  runs: number,
): Promise<Wrong> {
  const began = performance.now();
  const fleet = await openFleet(place);
  try {
    const replicas = offsets.map((offset, seat) =>
      fleet.launch(seat, {
        env: offset === "" ? {} : { LD_PRELOAD: library, FAKETIME: offset },
      }),
    );
    await Promise.all(replicas.map(({ ready }) => ready));
    const off = replicas.map((replica) => Math.round(replica.ahead() / 1_000));
    const people = crowd(fleet, { atOnce: 30, most: runs });
    try {
      while (people.asked.length < runs) await sleep(100);
      const judged = await judge(fleet, people);
      const said = replicas.map((replica) => replica.said()).join("");
      const lost = said.match(/^lost a claim$/gm)?.length ?? 0;
      return { ...judged, off, lost, seconds: (performance.now() - began) / 1_000 };
    } finally {
      await people.stop();
    }
  } finally {
    await fleet.close();
  }
}
