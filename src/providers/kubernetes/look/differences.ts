/** What somebody changed by hand since the release, in sentences. */
import { z } from "zod";
import { type KubeObject, marks } from "../../../expand/object.ts";
import type { Spot } from "../types.ts";
import type { Judged } from "./judge.ts";

/** `Scaled to 5 by hand, until the next deploy.` Empty where nothing differs, or the release's content is not known. */
export async function differences(
  { workloads }: Judged,
  content: readonly KubeObject[],
  spot: Spot,
  signal: AbortSignal,
): Promise<string> {
  const scalers = await spot.watched.read("HorizontalPodAutoscaler", signal);
  const says = workloads.flatMap(({ kind, name, object }) => {
    const released = find(content, kind, name);
    if (!released) return [];
    const of = workloads.length > 1 ? ` (${name})` : "";
    return [
      scaled(released, object, content, scalers, of),
      image(released, object, of),
      restarted(released, object, of),
    ].filter((text) => text !== undefined);
  });
  return says.join(" ");
}

const Workload = z.object({
  spec: z.object({
    replicas: z.number().optional(),
    template: z
      .object({
        metadata: z
          .object({ annotations: z.record(z.string(), z.string()).default({}) })
          .prefault({}),
        spec: z
          .object({
            containers: z
              .array(z.object({ name: z.string(), image: z.string().default("") }))
              .default([]),
          })
          .prefault({}),
      })
      .prefault({}),
  }),
});
const Scaler = z.object({
  spec: z.object({
    scaleTargetRef: z.object({ kind: z.string(), name: z.string() }),
    minReplicas: z.number().default(1),
  }),
});

function scaled(
  released: KubeObject,
  live: KubeObject,
  content: readonly KubeObject[],
  scalers: readonly KubeObject[],
  of: string,
): string | undefined {
  const decides = content.find((object) => targets(object, released));
  if (decides) {
    const now = scalers.find(({ metadata }) => metadata.name === decides.metadata.name);
    const least = Scaler.safeParse(now).data?.spec.minReplicas;
    const was = Scaler.safeParse(decides).data?.spec.minReplicas;
    if (least === undefined || least === was) return undefined;
    return `Scaled to ${least} at least by hand${of}, until the next deploy.`;
  }
  const now = Workload.safeParse(live).data?.spec.replicas;
  const was = Workload.safeParse(released).data?.spec.replicas;
  // Where the release leaves the number open, anybody may set it.
  if (now === undefined || was === undefined || now === was) return undefined;
  return `Scaled to ${now} by hand${of}, until the next deploy.`;
}

function targets(object: KubeObject, { kind, metadata }: KubeObject): boolean {
  if (object.kind !== "HorizontalPodAutoscaler") return false;
  const of = Scaler.safeParse(object).data?.spec.scaleTargetRef;
  return of?.kind === kind && of.name === metadata.name;
}

function image(released: KubeObject, live: KubeObject, of: string): string | undefined {
  const was = containersOf(released);
  const other = containersOf(live).find(({ name, image }) =>
    was.some((one) => one.name === name && one.image !== image),
  );
  return other && `Its image was set to ${other.image} by hand${of}, until the next deploy.`;
}

const containersOf = (object: KubeObject) =>
  Workload.safeParse(object).data?.spec.template.spec.containers ?? [];

function restarted(released: KubeObject, live: KubeObject, of: string): string | undefined {
  const mark = (object: KubeObject, name: string) =>
    Workload.safeParse(object).data?.spec.template.metadata.annotations[name];
  return restarts.some((name) => mark(live, name) !== mark(released, name))
    ? `Restarted since the deploy${of}.`
    : undefined;
}
/** Ours, and that of `kubectl rollout restart`. */
const restarts = [marks.restarted, "kubectl.kubernetes.io/restartedAt"];

const find = (content: readonly KubeObject[], kind: string, name: string) =>
  content.find((object) => object.kind === kind && object.metadata.name === name);
