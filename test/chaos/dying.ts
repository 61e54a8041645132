/** Servers that die under real Shipmates: what is done to them while people ask for deploys, judged at the end. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Crowding, crowd } from "./crowd.ts";
import { type Fleet, openFleet, type Place } from "./fleet.ts";
import { type Judged, judge } from "./judge.ts";
import { flush, type OwnServer, ownPostgres, ownRedis } from "./own-servers.ts";
import { empty, fill } from "./small-disk.ts";

/** Milliseconds. */
export interface Spread {
  readonly times: number;
  readonly p50: number;
  readonly max: number;
}
export interface Troubled extends Judged {
  readonly minutes: number;
  /** From when a server answered again, or from any moment while it was away, to the next effect. */
  readonly waits: Spread;
}

export interface Trouble {
  readonly seats: number;
  readonly crowd: Crowding;
  readonly redis?: boolean;
  /** Where PostgreSQL keeps its data: a small disk. */
  readonly folder?: string;
  happens(around: Around): Promise<void>;
}
export interface Around {
  readonly postgres: OwnServer;
  readonly redis: OwnServer;
  readonly fleet: Fleet;
  /** How many deploys were asked for, and how many are not over. */
  asked(): number;
  open(): number;
  /** Waits for the next effect and notes how long that took; comes back at once where nothing is to be done. */
  nextEffect(): Promise<void>;
}

/** Lets it happen, and judges. Throws with all that is wrong. */
export async function troubled(trouble: Trouble): Promise<Troubled> {
  const began = performance.now();
  const postgres = await ownPostgres(trouble.folder ? { folder: trouble.folder } : {});
  const redis = trouble.redis ? await ownRedis() : undefined;
  const database = postgres.url;
  const place: Place = redis
    ? { mode: "fleet", database, redis: redis.url }
    : { mode: "postgres", database };
  const fleet = await openFleet(place);
  const waits: number[] = [];
  try {
    const replicas = Array.from({ length: trouble.seats }, (_, seat) => fleet.launch(seat));
    for (const replica of replicas) await replica.ready;
    const people = crowd(fleet, trouble.crowd);
    const effects = async () => (await fleet.told()).effects.length;
    const around: Around = {
      ...{ postgres, redis: redis ?? postgres, fleet, open: people.open },
      asked: () => people.asked.length,
      async nextEffect() {
        const since = performance.now();
        const before = await effects();
        while (people.open() > 0 && (await effects()) === before) await sleep(10);
        waits.push(performance.now() - since);
      },
    };
    try {
      await trouble.happens(around);
      const judged = await judge(fleet, people);
      const minutes = Math.round((performance.now() - began) / 6_000) / 10;
      return { ...judged, minutes, waits: spread(waits) };
    } finally {
      await people.stop();
    }
  } finally {
    await fleet.close();
    await redis?.close();
    await postgres.close();
  }
}

/** PostgreSQL is stopped at once and started again, so many times, a moment after work went on. */
export function restarts(times: number): Trouble {
  return {
    ...{ seats: 2, crowd: { atOnce: 40 } },
    async happens({ postgres, nextEffect }) {
      for (let n = 0; n < times; n += 1) {
        await sleep(200 + Math.random() * 500);
        await postgres.stop("SIGQUIT");
        await postgres.start();
        await nextEffect();
      }
    },
  };
}

/** PostgreSQL is away for so many milliseconds in the middle of runs. */
export function away(milliseconds: number): Trouble {
  return {
    ...{ seats: 2, crowd: { atOnce: 40 } },
    async happens({ postgres, nextEffect }) {
      await nextEffect();
      await postgres.stop("SIGQUIT");
      await sleep(milliseconds);
      await postgres.start();
      await nextEffect();
    },
  };
}

/** In so many runs Redis is emptied and killed in turns, so many times each. */
export function forgetful(times: number, runs: number): Trouble {
  return {
    ...{ seats: 3, redis: true, crowd: { atOnce: 60, most: runs } },
    async happens({ redis, asked, open, nextEffect }) {
      for (let n = 0; n < 2 * times; n += 1) {
        // The last ones while there is still much to do.
        const due = (0.8 * runs * n) / (2 * times);
        while (asked() < due || (open() === 0 && asked() < runs)) await sleep(20);
        if (n % 2 === 0) await flush(redis.url);
        else {
          await redis.stop("SIGKILL");
          await redis.start();
        }
        await nextEffect();
      }
    },
  };
}

/** No Redis for so many milliseconds, with few runs at once: how long each next effect takes meanwhile. */
export function bellless(milliseconds: number): Trouble {
  return {
    ...{ seats: 3, redis: true, crowd: { atOnce: 4 } },
    async happens({ redis, nextEffect }) {
      await redis.stop("SIGKILL");
      const until = performance.now() + milliseconds;
      while (performance.now() < until) {
        await nextEffect();
        await sleep(200);
      }
      await redis.start();
      await nextEffect();
    },
  };
}

/** PostgreSQL's disk is full for so many milliseconds; somebody starts it again whenever it ends, as a supervisor would. */
export function full(folder: string, milliseconds: number): Trouble {
  return {
    ...{ seats: 1, crowd: { atOnce: 12 }, folder },
    async happens({ postgres, fleet, nextEffect }) {
      await nextEffect();
      const [one] = fleet.live.values();
      let told = false;
      const until = performance.now() + milliseconds;
      while (performance.now() < until || !told) {
        fill(folder);
        if (!postgres.isUp()) await postgres.start().catch(() => undefined);
        const ready = await fetch(new URL("/readyz", one?.url()));
        told ||= ready.status === 503;
        await ready.arrayBuffer();
        await sleep(200);
      }
      empty(folder);
      while (!postgres.isUp()) await postgres.start().catch(() => sleep(200));
      await nextEffect();
    },
  };
}

/** Everything above in turns, shortly. */
export function inTurns(): Trouble {
  return {
    ...{ seats: 2, redis: true, crowd: { atOnce: 16 } },
    async happens({ postgres, redis, nextEffect }) {
      for (let n = 0; n < 2; n += 1) {
        await nextEffect();
        await postgres.stop("SIGQUIT");
        await postgres.start();
        await flush(redis.url);
        await nextEffect();
        if (n % 2 === 0) continue;
        await redis.stop("SIGKILL");
        await nextEffect();
        await redis.start();
      }
    },
  };
}

export function spread(waits: readonly number[]): Spread {
  const sorted = waits.map(Math.round).toSorted((a, b) => a - b);
  const p50 = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return { times: sorted.length, p50, max: sorted.at(-1) ?? 0 };
}
