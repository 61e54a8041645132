/** Release a version and wait until it runs: what a deploy and a rollback share. */
import { type Act, clusters, type Done, type Target, until } from "shipmate";

interface At {
  readonly service: string;
  readonly environment: string;
}
export interface Ship extends At {
  readonly version: string;
  /** The release whose exact content comes back. */
  readonly like?: string | undefined;
}

export function ship({ service, version, environment, like }: Ship): readonly Act[] {
  const what = { service, version, environment };
  return [clusters.release(like === undefined ? what : { ...what, like }), rolled(what)];
}

/** What the version needs before it may be released: its migration, where it has one. */
export function migrated({ service, version, environment }: Ship): readonly Act[] {
  const what = { service, version, environment };
  return [clusters.migrate(what), until(clusters.migration(what), { every: "1s", timeout: "30m" })];
}

/** Waits until all that should run does. */
export function rolled({ service, environment }: At): Act {
  return until(clusters.rollout({ service, environment }), { every: "1s", timeout: "10m" });
}

/** The version that ran before this change, which undoing it brings back; undefined where nothing ran. */
export function ranBefore({ undo }: Pick<Done, "undo">): string | undefined {
  const release = undo.find((act) => act.kind === "effect" && act.op === "clusters.release");
  const input = release && "input" in release ? release.input : undefined;
  const version = typeof input === "object" && input !== null ? Reflect.get(input, "version") : "";
  return typeof version === "string" && version !== "" ? version : undefined;
}

/** What shipping changes. */
export function shipped({ service, environment }: At): readonly Target[] {
  return [`${environment}/${service}`];
}
