/** Servers that come after the Shipmates that need them: how long until work is done, and what is said meanwhile. */
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { z } from "zod";
import { crowd } from "./crowd.ts";
import { type Spread, spread } from "./dying.ts";
import { type Fleet, openFleet, type Place, type Replica } from "./fleet.ts";
import { type Judged, judge } from "./judge.ts";
import { ownPostgres, ownRedis } from "./own-servers.ts";

export interface LateDatabase extends Judged {
  /** From a process' beginning until it says that it waits, in milliseconds: how slow this machine is. */
  readonly start: Spread;
  /** From when PostgreSQL answered until it was ready, and until the next effect. */
  readonly ready: Spread;
  readonly effect: Spread;
}

/** So many times a Shipmate starts without its PostgreSQL, which comes up to a second after it said so: the first time empty. */
export async function lateDatabase(times: number): Promise<LateDatabase> {
  const postgres = await ownPostgres();
  const fleet = await openFleet({ mode: "postgres", database: postgres.url });
  const took = { start: [] as number[], ready: [] as number[], effect: [] as number[] };
  try {
    const people = crowd(fleet, { atOnce: 8 });
    try {
      for (let n = 0; n < times; n += 1) {
        // In good order: what a killed one had claimed would be left alone for 15 s.
        await Promise.all([...fleet.live.values()].map(ended));
        await postgres.stop("SIGQUIT");
        const began = performance.now();
        const replica = fleet.launch(0);
        await says(replica, "Shipmate waits for it.");
        took.start.push(performance.now() - began);
        await sleep(Math.random() * 1_000);
        const before = await effectsOf(fleet);
        await postgres.start();
        const came = performance.now();
        await replica.ready;
        took.ready.push(performance.now() - came);
        while ((await effectsOf(fleet)) === before) await sleep(10);
        took.effect.push(performance.now() - came);
      }
      const { start, ready, effect } = took;
      const judged = await judge(fleet, people);
      return { ...judged, start: spread(start), ready: spread(ready), effect: spread(effect) };
    } finally {
      await people.stop();
    }
  } finally {
    await fleet.close();
    await postgres.close();
  }
}

export interface LateRedis extends Judged {
  /** What each of the processes wrote to its log about Redis until that came, and until all was over. */
  readonly without: readonly (readonly string[])[];
  readonly said: readonly (readonly string[])[];
  /** `shipmate_redis_up` of each, before and after. */
  readonly up: readonly (readonly string[])[];
  /** How many rings Redis took. */
  readonly rings: number;
}

/** Two Shipmates start where nobody listens at REDIS_URL, do work, and Redis comes. */
export async function lateRedis(): Promise<LateRedis> {
  const postgres = await ownPostgres();
  const redis = await ownRedis();
  await redis.stop("SIGKILL");
  const place: Place = { mode: "fleet", database: postgres.url, redis: redis.url };
  const fleet = await openFleet(place);
  try {
    const all = [0, 1].map((seat) => fleet.launch(seat, { env: { LOG_LEVEL: "info" } }));
    for (const replica of all) await replica.ready;
    const people = crowd(fleet, { atOnce: 4 });
    try {
      while ((await effectsOf(fleet)) < 8) await sleep(10);
      const without = all.map(aboutRedis);
      const before = await Promise.all(all.map(redisUp));
      await redis.start();
      for (const replica of all) await says(replica, "Redis answers now.");
      const after = await Promise.all(all.map(redisUp));
      const rings = await rung(redis.url);
      const judged = await judge(fleet, people);
      const said = all.map(aboutRedis);
      return { ...judged, without, said, up: [before, after], rings };
    } finally {
      await people.stop();
    }
  } finally {
    await fleet.close();
    await redis.close();
    await postgres.close();
  }
}

async function ended(replica: Replica): Promise<void> {
  replica.kill("SIGTERM");
  await replica.ended;
}

/** Waits until it has written this to its log. */
async function says(replica: Replica, text: string): Promise<void> {
  while (!replica.complained().includes(text)) {
    if (replica.isOver()) throw new Error(`it ended and never said "${text}"`);
    await sleep(5);
  }
}

function aboutRedis(replica: Replica): readonly string[] {
  const lines = replica.complained().trim().split("\n");
  return lines
    .filter((line) => /\bRedis\b|doorbell/.test(line))
    .map((line) => Line.parse(JSON.parse(line)).msg);
}
const Line = z.object({ msg: z.string() });

const effectsOf = async (fleet: Fleet) => (await fleet.told()).effects.length;

async function redisUp(replica: Replica): Promise<string> {
  const text = await (await fetch(new URL("/metrics", replica.url()))).text();
  return /^shipmate_redis_up (.*)$/m.exec(text)?.[1] ?? "none";
}

/** Waits for the first ring. BullMQ numbers the jobs of a queue. */
async function rung(url: string): Promise<number> {
  const client = new Redis(url, { maxRetriesPerRequest: 1 });
  try {
    for (;;) {
      const count = Number(await client.get("shipmate:doorbell:id"));
      if (count > 0) return count;
      await sleep(20);
    }
  } finally {
    client.disconnect();
  }
}
