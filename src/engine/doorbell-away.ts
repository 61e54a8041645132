/** What a Redis that can't be used says to a person. */
import { codeOf } from "../store/unreachable.ts";
import { faultText } from "./faults.ts";

/** Why a connection could not be made, and what to do. Names no password. */
export function unreachable({ host, hostname }: URL, error: unknown): string {
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
