/** The look `migration`: how the Job of a migration is doing, from the watch's memory where that has it already. */
import { z } from "zod";
import type { Provider } from "../../../core/provider.ts";
import { type KubeObject, marks } from "../../../expand/object.ts";
import { line } from "../../../observe/text.ts";
import type { clusters } from "../../../roles/clusters.ts";
import { ApiError, type Cluster, type Spot } from "../types.ts";
import { type Deck, fieldOf } from "./deck.ts";
import { Job, migrations, stateOf, versionNote } from "./migration-job.ts";

/** Of the newest one to that version. */
export function migration(deck: Deck): Provider<typeof clusters>["migration"] {
  return async (input, signal, by) => {
    const { service, environment, version } = input;
    const spot = deck.spotOf(input);
    const isIts = (job: KubeObject) =>
      job.metadata.labels?.[marks.service] === service &&
      job.metadata.labels[marks.environment] === environment &&
      job.metadata.annotations?.[versionNote] === version;
    const watched = (await spot.watched.read("Job", signal)).filter(isIts);
    const all =
      watched.length > 0 ? watched : (await migrations(spot, spot.own, signal)).filter(isIts);
    const [job] = all.toSorted((a, b) => bornAt(b) - bornAt(a));
    if (!job) {
      const says = `The migration to ${version} is gone: it was deleted in the cluster.`;
      return { state: "bad", says, log: [] };
    }
    return judged(spot, spot.as(by), job, version, signal);
  };
}

type Migrating = Awaited<ReturnType<Provider<typeof clusters>["migration"]>>;

async function judged(
  spot: Spot,
  cluster: Cluster,
  live: KubeObject,
  version: string,
  signal: AbortSignal,
): Promise<Migrating> {
  const state = stateOf(live);
  if (state === "good") return { state, says: `Migrated to ${version}.`, log: [] };
  const { status, spec } = Job.parse(live);
  const pods = await podsOf(spot, live, signal);
  const [last] = pods;
  const said = last && exitOf(last);
  if (state === "going") {
    if (status.failed === 0) return { state, says: `Migrating to ${version}.`, log: [] };
    const how = said === undefined ? "" : `: ${said}`;
    const says = `The migration to ${version} failed ${times(status.failed)}${how}. It is tried again.`;
    return { state, says, stuck: true, log: await logOf(spot, cluster, last, signal) };
  }
  const late = status.conditions.find(({ reason }) => reason === "DeadlineExceeded");
  const why = late
    ? `it did not end in ${spec.activeDeadlineSeconds ?? "its"} s`
    : (said ?? line(status.conditions[0]?.message ?? "the cluster does not say why", 200));
  const says = `The migration to ${version} failed: ${why}.`;
  return { state, says, log: await logOf(spot, cluster, last, signal) };
}

const Pod = z.object({
  metadata: z.object({ name: z.string(), creationTimestamp: z.string().default("") }),
  status: z
    .object({
      containerStatuses: z
        .array(
          z.object({
            name: z.string(),
            state: z
              .object({
                terminated: z
                  .object({ exitCode: z.int(), reason: z.string().default("") })
                  .optional(),
                waiting: z.object({ reason: z.string().default("") }).optional(),
              })
              .default({}),
          }),
        )
        .default([]),
    })
    .prefault({}),
});
type Pod = z.output<typeof Pod>;

/** The newest first. */
async function podsOf(spot: Spot, job: KubeObject, signal: AbortSignal): Promise<readonly Pod[]> {
  const { uid } = job.metadata;
  const all = await spot.watched.read("Pod", signal);
  const owned = all.filter(({ metadata }) => {
    const owners = metadata["ownerReferences"];
    return Array.isArray(owners) && owners.some((owner) => fieldOf(owner, "uid") === uid);
  });
  return owned.toSorted((a, b) => bornAt(b) - bornAt(a)).map((pod) => Pod.parse(pod));
}

/** `it exited with code 1`; undefined where none of its containers ended badly. */
function exitOf({ status }: Pod): string | undefined {
  for (const { state } of status.containerStatuses) {
    const { terminated } = state;
    if (terminated?.reason === "OOMKilled") return "it ran out of memory";
    if (terminated && terminated.exitCode !== 0)
      return `it exited with code ${terminated.exitCode}`;
  }
  return undefined;
}

/** Its last lines; none where they can't be read any more. */
async function logOf(
  { namespace }: Spot,
  cluster: Cluster,
  pod: Pod | undefined,
  signal: AbortSignal,
): Promise<string[]> {
  const container = pod?.status.containerStatuses[0]?.name;
  if (!pod || container === undefined) return [];
  const lines: string[] = [];
  try {
    const at = { namespace, pod: pod.metadata.name, container };
    for await (const { text } of cluster.logs(at, { tail: 10 }, signal)) lines.push(text);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
  return lines;
}

const bornAt = ({ metadata }: KubeObject): number =>
  Date.parse(String(metadata["creationTimestamp"]));
const times = (n: number): string => (n === 1 ? "once" : n === 2 ? "twice" : `${n} times`);
