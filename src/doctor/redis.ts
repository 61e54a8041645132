/** Looks at the Redis through which the processes of a fleet wake one another. */
import type { Config } from "../config.ts";
import { unreachable } from "../engine/doorbell-away.ts";
import type { RedisStanding } from "../engine/doorbell-doctor.ts";
import { about, type Finding } from "./finding.ts";

const { good, wrong } = about("Redis");

/** The oldest one that BullMQ recommends. */
const oldest = [6, 2] as const;

export async function lookAtRedis(config: Config): Promise<readonly Finding[]> {
  if (config.mode !== "fleet") return [good("None is set, and one process alone needs none.")];
  try {
    const { askRedis } = await import("../engine/doorbell-doctor.ts");
    return judged(await askRedis(config.redis));
  } catch (error) {
    return [wrong(unreachable(new URL(config.redis), error))];
  }
}

/** What a Redis says about itself. */
export function judged({ version, policy }: RedisStanding): readonly Finding[] {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1]))
    return [wrong(`Redis ${version} is too old: use ${oldest.join(".")} or a later one.`)];
  const answers = good(`Redis ${version} answers.`);
  if (policy === "noeviction" || policy === "") return [answers];
  const full = `When it is full it throws away what others wait for (${policy}): set maxmemory-policy to noeviction.`;
  return [answers, wrong(full)];
}
