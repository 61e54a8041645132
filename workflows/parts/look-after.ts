/** The button that shows what a service writes: for the card once something was shipped. */
import type { Say } from "shipmate";

export function logs({ service, environment }: { service: string; environment: string }): Say {
  return { label: "Logs", command: "logs", args: { service, environment } };
}
