/** Asks a Redis once whether it would do as a doorbell. */
import { Redis } from "ioredis";

export interface RedisStanding {
  /** `7.2.4` */
  readonly version: string;
  /** What it does when its memory is full; BullMQ wants `noeviction`. */
  readonly policy: string;
}

/** Throws what the connection threw. */
export async function askRedis(url: string): Promise<RedisStanding> {
  let first: unknown;
  const redis = new Redis(url, {
    ...{ lazyConnect: true, connectTimeout: 5_000, maxRetriesPerRequest: 0 },
    retryStrategy: () => null,
  });
  redis.on("error", (error) => {
    first ??= error;
  });
  try {
    await redis.connect();
    const info = await redis.info();
    const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? "";
    return { version: field("redis_version"), policy: field("maxmemory_policy") };
  } catch (error) {
    throw first ?? error;
  } finally {
    redis.disconnect();
  }
}
