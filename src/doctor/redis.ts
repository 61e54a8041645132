/** Looks at the Redis through which the processes of a fleet wake one another. */
import type { Config } from "../config.ts";
import type { RedisStanding } from "../engine/doorbell-doctor.ts";
import { faultText } from "../engine/faults.ts";
import { codeOf } from "../store/unreachable.ts";
import { about, type Finding } from "./finding.ts";

const { good, wrong } = about("Redis");

/** The oldest one that BullMQ recommends. */
const oldest = [6, 2] as const;

export async function lookAtRedis(config: Config): Promise<readonly Finding[]> {
  if (config.mode !== "fleet") return [good("None is set, and one process alone needs none.")];
  const { host, hostname } = new URL(config.redis);
  try {
    const { askRedis } = await import("../engine/doorbell-doctor.ts");
    return judged(await askRedis(config.redis));
  } catch (error) {
    return [wrong(unreachable(host, hostname, error))];
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

/** Why a connection could not be made, and what to do. */
export function unreachable(host: string, hostname: string, error: unknown): string {
  const code = codeOf(error);
  const says = error instanceof Error ? error.message : "";
  if (code === "ECONNREFUSED")
    return `Nothing listens at ${host}: start Redis there, or correct REDIS_URL. Until then runs go on, some seconds slower.`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return `No machine is called ${hostname}: correct REDIS_URL, or this machine's DNS.`;
  if (/WRONGPASS|NOAUTH|invalid password/i.test(says))
    return `Redis at ${host} does not let us in: correct user and password in REDIS_URL.`;
  return `Redis at ${host} does not answer (${faultText(error)}): start it, let this machine reach it, or correct REDIS_URL.`;
}
