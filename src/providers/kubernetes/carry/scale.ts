/** The effect `scale`: how many there are, or at least are where they scale by themselves, until the next release. */
import { z } from "zod";
import type { Provider } from "../../../core/provider.ts";
import { Moved, refuse } from "../../../core/refusal.ts";
import { listed } from "../../../core/words.ts";
import type { KubeObject } from "../../../expand/object.ts";
import { clusters } from "../../../roles/clusters.ts";
import { nameOf, refOf } from "../order.ts";
import { denied } from "../plan/deny.ts";
import type { Cluster, Release, Spot } from "../types.ts";
import { isOwn } from "../whose.ts";
import { isOvertaken } from "./apply.ts";
import {
  type At,
  coalesced,
  type Deck,
  fieldOf,
  holds,
  mainOf,
  requireNewest,
  resting,
  standing,
} from "./deck.ts";
import { shown, workloads } from "./restart.ts";

/** What tells how many there are. */
interface Scaled {
  readonly object: KubeObject;
  readonly field: "minReplicas" | "replicas";
  readonly now: number;
  /** Where it scales by itself. */
  readonly most?: number;
}

export function scale(deck: Deck): Provider<typeof clusters>["scale"] {
  const { records } = deck;
  const once = coalesced<Record<string, never>>();
  return {
    async preview(input, { signal, by }) {
      const spot = deck.spotOf(input);
      const main = mainOf(input);
      const { service, environment, replicas } = input;
      const all = await records.list(spot, signal);
      const { object, field, now, most } = await scaled(spot, spot.as(by), all, signal);
      requirePossible(input, most);
      if (now === replicas) return { same: {} };
      const what = field === "minReplicas" ? "replicas at least" : "replicas";
      return {
        changes: [{ of: main, field: `${what}, until the next deploy`, from: now, to: replicas }],
        seen: {
          [main]: resting(standing(all)[0]),
          [nameOf(object)]: { uid: String(object.metadata["uid"]), [field]: now },
        },
        will: { [nameOf(object)]: { uid: String(object.metadata["uid"]), [field]: replicas } },
        undo: [clusters.scale({ service, environment, replicas: now })],
      };
    },

    run: (input, { key, seen, by, signal }) =>
      once(key, async () => {
        const spot = deck.spotOf(input);
        const cluster = spot.as(by);
        for (let left = 5; ; left--) {
          signal.throwIfAborted();
          const all = await records.list(spot, signal);
          const { object, field, now, most } = await scaled(spot, cluster, all, signal);
          if (now === input.replicas) return {};
          requirePossible(input, most);
          requireNewest(input, seen, standing(all)[0]);
          const was = seen[nameOf(object)];
          const { uid, resourceVersion } = object.metadata;
          if (fieldOf(was, "uid") !== uid || fieldOf(was, field) !== now)
            throw new Moved(`${mainOf(input)} was scaled to ${now} since this was planned.`);
          const patch = { metadata: { resourceVersion }, spec: { [field]: input.replicas } };
          try {
            await cluster.merge(refOf(object), patch, {}, signal);
          } catch (error) {
            // A controller wrote what has come of it meanwhile: looked at anew, it is as planned or it is not.
            if (isOvertaken(error) && left > 1) continue;
            throw denied(error, `scaling ${object.kind} ${object.metadata.name}`);
          }
          const isSeen = (one: KubeObject) => fieldOf(one["spec"], field) === input.replicas;
          await shown(spot, [object], isSeen, signal);
          return {};
        }
      }),
  };
}

const Autoscaler = z.object({
  spec: z.object({
    scaleTargetRef: z.object({ kind: z.string(), name: z.string() }),
    minReplicas: z.int().default(1),
    maxReplicas: z.int(),
  }),
});

/** The service's main workload, or the autoscaler that decides about it. */
async function scaled(
  spot: Spot,
  cluster: Cluster,
  all: readonly Release[],
  signal: AbortSignal,
): Promise<Scaled> {
  const running = await workloads(spot, cluster, all, signal);
  const main = mainWorkload(spot, running);
  const refs = holds(all).filter(({ kind }) => kind === "HorizontalPodAutoscaler");
  const autoscalers = await Promise.all(refs.map((ref) => cluster.get(ref, signal)));
  for (const object of autoscalers) {
    const { data } = Autoscaler.safeParse(object);
    if (!object || !data || !isOwn(spot, object)) continue;
    const { scaleTargetRef: of, minReplicas: now, maxReplicas: most } = data.spec;
    if (of.kind === main.kind && of.name === main.metadata.name)
      return { object, field: "minReplicas", now, most };
  }
  const replicas = z.int().default(1).parse(fieldOf(main["spec"], "replicas"));
  return { object: main, field: "replicas", now: replicas };
}

/** The one that is named like the service, else the only one. */
function mainWorkload(at: At, running: readonly KubeObject[]): KubeObject {
  const can = running.filter(({ kind }) => kind !== "DaemonSet");
  const main = can.find(({ metadata }) => metadata.name === at.service);
  const [only, second] = can;
  if (main) return main;
  if (only && !second) return only;
  if (second)
    refuse(
      `${at.service} consists of ${listed(can.map(nameOf))}, and none is named ${at.service}: set the replicas in its manifests and deploy it.`,
    );
  if (running.length > 0)
    refuse(`${at.service} runs once on each node of ${at.environment}: it can't be scaled.`);
  refuse(`${at.service} does not run in ${at.environment}: deploy a version first.`);
}

function requirePossible(at: At & { readonly replicas: number }, most: number | undefined): void {
  if (most === undefined) return;
  const { service, environment, replicas } = at;
  if (replicas > most)
    refuse(
      `${service} scales by itself in ${environment}, to ${most} at most: ask for ${most} or fewer, or set a higher maximum in its manifest and deploy it.`,
    );
  if (replicas < 1)
    refuse(
      `${service} scales by itself in ${environment} and keeps 1 at least: remove it, or switch its scaling off in its manifest.`,
    );
}
