/**
 * The fleet's doorbell: BullMQ on Redis. Each ring is a job that carries a run's id and nothing else. Redis may lose
 * any of them: SQL is the truth, and every process sweeps for what is due.
 *
 * Rings are never awaited: while Redis is away they are dropped, so that no ack and no transaction waits for it.
 */
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { z } from "zod";
import type { Doorbell } from "./doorbell.ts";
import { unreachable } from "./doorbell-away.ts";

const Job = z.object({ run: z.string() });

export interface RedisDoorbell {
  readonly url: string;
  /** Keeps installations apart on one Redis. */
  readonly prefix?: string;
  /** Hears once that Redis can't be used, why, in a sentence for people, and with `undefined` that it can again. */
  readonly away?: (says: string | undefined) => void;
  /** Told what Redis complains about while it is there. */
  readonly troubled: (error: unknown) => void;
}

/** How many jobs one process hears side by side: hearing is only a look into SQL. */
const ears = 16;

export function redisDoorbell(parts: RedisDoorbell): Doorbell {
  const { url, prefix = "shipmate", away = () => {}, troubled } = parts;
  let [isAway, isOver] = [false, false];
  const complain = (error: unknown) => {
    if (isUp()) return troubled(error);
    if (isAway || isOver) return;
    isAway = true;
    away(unreachable(new URL(url), error));
  };
  const connect = () => {
    const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: pause });
    redis.on("error", complain);
    redis.on("ready", () => {
      if (!isAway || !isUp()) return;
      isAway = false;
      away(undefined);
    });
    return redis;
  };
  const ringing = connect();
  const hearing = connect();
  const isUp = () => ringing.status === "ready" && hearing.status === "ready";
  const queue = new Queue("doorbell", { connection: ringing, prefix });
  queue.on("error", complain);
  let worker: Worker | undefined;
  return {
    isUp,
    ring(run) {
      if (ringing.status !== "ready") return;
      const options = { removeOnComplete: true, removeOnFail: true };
      queue.add("ring", { run }, options).catch(complain);
    },
    listen(hear) {
      worker = new Worker("doorbell", async (job) => hear(Job.parse(job.data).run), {
        ...{ connection: hearing, prefix, concurrency: ears },
      });
      worker.on("error", complain);
    },
    async close() {
      isOver = true;
      await worker?.close(true);
      await queue.close();
      ringing.disconnect();
      hearing.disconnect();
    },
  };
}

/** Between two tries to connect, in milliseconds. */
function pause(times: number): number {
  return Math.min(5_000, 100 * 2 ** Math.min(times, 6));
}
