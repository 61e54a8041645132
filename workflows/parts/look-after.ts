/** Buttons that look after what runs: for the card once something was done to it. */
import type { Say } from "shipmate";

interface At {
  readonly service: string;
  readonly environment: string;
}

export function logs({ service, environment }: At): Say {
  return { label: "Logs", command: "logs", args: { service, environment } };
}

export function status({ service, environment }: At): Say {
  return { label: "Status", command: "status", args: { service, environment } };
}
