/** The Job of a migration: its name tells what it does, its labels whose it is. */
import { z } from "zod";
import type { Progress } from "../../../core/operation.ts";
import { type KubeObject, marks } from "../../../expand/object.ts";
import type { Cluster, Spot } from "../types.ts";
import { type Deck, hashOf, labelled, withLabels } from "./deck.ts";

/** A label of each Job: a hash of what it does, and with the service of whose it is. */
const contentLabel = "shipmate.dev/migration";
/** Annotations of each Job. */
export const versionNote = "shipmate.dev/migrates";
export const keyNote = "shipmate.dev/key";
/** The service's migrations that are still there. */
export function migrations(
  { service, environment, namespace }: Spot,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const labels = `${marks.service}=${service},${marks.environment}=${environment},${contentLabel}`;
  return cluster.list({ apiVersion: "batch/v1", kind: "Job" }, { namespace, labels }, signal);
}

/** Under a name that tells the version and what it does; undefined where the version takes none. */
export async function jobOf(
  { source }: Deck,
  spot: Spot,
  version: string,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const { service, environment, namespace } = spot;
  const at = { service, environment, namespace, version };
  const rendered = (await source.render(at, undefined, signal)).migration;
  if (!rendered) return undefined;
  const hash = hashOf([version, rendered["spec"]]).slice(0, 8);
  const [ours = rendered] = labelled(spot, [rendered]);
  const { metadata } = ours;
  return withLabels(
    {
      ...ours,
      metadata: {
        ...metadata,
        name: `${metadata.name.slice(0, 54).replace(/[-.]+$/, "")}-${hash}`,
        annotations: { ...metadata.annotations, [versionNote]: version },
      },
    },
    { [contentLabel]: hash },
  );
}

export const Job = z.object({
  spec: z.object({ activeDeadlineSeconds: z.number().optional() }),
  status: z
    .object({
      conditions: z
        .array(
          z.object({
            type: z.string(),
            status: z.string(),
            reason: z.string().default(""),
            message: z.string().default(""),
          }),
        )
        .default([]),
      failed: z.number().default(0),
    })
    .prefault({}),
});

export function stateOf(live: KubeObject): Progress["state"] {
  const { conditions } = Job.parse(live).status;
  const is = (...types: string[]) =>
    conditions.some(({ type, status }) => types.includes(type) && status === "True");
  if (is("Failed", "FailureTarget")) return "bad";
  return is("Complete", "SuccessCriteriaMet") ? "good" : "going";
}
