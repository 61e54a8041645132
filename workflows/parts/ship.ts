/** Release a version and wait until it runs: what a deploy and a rollback share. */
import { type Act, clusters, type Target, until } from "shipmate";

export interface Ship {
  readonly service: string;
  readonly version: string;
  readonly environment: string;
}

export function ship({ service, version, environment }: Ship): readonly Act[] {
  return [
    clusters.release({ service, version, environment }),
    until(clusters.rollout({ service, environment }), { every: "1s", timeout: "10m" }),
  ];
}

/** What shipping changes. */
export function shipped({ service, environment }: Omit<Ship, "version">): readonly Target[] {
  return [`${environment}/${service}`];
}
