/** Why a release does not come up: of all that its pods, their makers and their events say, the most telling. */
import { line } from "../../../observe/text.ts";
import { type Asked, type Cause, causeOf, plainly } from "./causes.ts";
import { type Event, isAlive } from "./pods.ts";
import { refusedPods } from "./said.ts";
import type { Workload } from "./workloads.ts";

export interface Reason {
  readonly kind: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly soft: boolean;
  /** One or two sentences: what is wrong, and what would help. */
  readonly going: string;
  /** The sentence once it has lasted too long. */
  readonly final: string;
  readonly log: Cause["log"];
  readonly event: Event | undefined;
}

/** Undefined where nothing is wrong (yet). Pure: the same words for the same cluster, whichever process asks. */
export function reasonOf(
  workloads: readonly Workload[],
  events: readonly Event[],
  asked: Asked,
): Reason | undefined {
  const about = byObject(events, workloads);
  const all = workloads.flatMap((workload) =>
    causes(workload, about, asked).map((cause) => ({ workload, cause })),
  );
  const groups = [...Map.groupBy(all, ({ cause }) => cause.kind).values()].sort(
    ([a], [b]) => (a?.cause.rank ?? 0) - (b?.cause.rank ?? 0),
  );
  const rank = groups[0]?.[0]?.cause.rank;
  const group = groups
    .filter(([one]) => one?.cause.rank === rank)
    .sort((a, b) => b.length - a.length)[0]
    ?.sort((a, b) => a.cause.since - b.cause.since);
  const [first] = group ?? [];
  if (!group || !first) return undefined;
  const { kind, since, soft = false, going, advice, final, log, event } = first.cause;
  const among = amongOf(group.length, first.workload, workloads, first.cause);
  return {
    kind,
    since,
    soft,
    going: line(`${going}${among}.${advice === undefined ? "" : ` ${advice}`}`, longest),
    final: line(`${final}${among}.`, longest),
    log,
    event,
  };
}

/** Characters. */
const longest = 600;

type About = ReadonlyMap<string | undefined, readonly Event[]>;

function causes(workload: Workload, about: About, asked: Asked): Cause[] {
  const pods = workload.fresh
    .filter(isAlive)
    .map((pod) => causeOf(pod, about.get(pod.metadata.uid) ?? [], asked));
  return [paused(workload, asked), refused(workload, about, asked), ...pods].filter(
    (cause) => cause !== undefined,
  );
}

function paused({ paused: since, complete, name }: Workload, asked: Asked): Cause | undefined {
  if (since === undefined || complete) return undefined;
  const clause = `the Deployment ${name} is paused`;
  const advice = "Resume it, and it goes on.";
  return plainly({ clause, advice }, { kind: "paused", rank: 0, since }, asked.version);
}

/** By the ReplicaSet's own condition; where its kind has none, by events of late. */
function refused(
  { refused, makers, wanted, fresh, observed }: Workload,
  about: About,
  asked: Asked,
): Cause | undefined {
  if (!observed || fresh.filter(isAlive).length >= wanted) return undefined;
  const event = [...makers]
    .flatMap((uid) => about.get(uid) ?? [])
    .filter(({ reason }) => reason === "FailedCreate")
    .at(-1);
  const late = event && asked.now - event.last < 600_000 ? event : undefined;
  const says = refused?.says ?? late?.message;
  if (says === undefined) return undefined;
  const since = refused?.since ?? late?.first ?? asked.now;
  const more = { kind: "refused", rank: 3, since, event: late };
  return plainly(refusedPods(says, asked.namespace), more, asked.version);
}

/** ` (2 of 3 pods)`, ` (web-worker)`: nothing where there is only one it could be about. */
function amongOf(
  count: number,
  { name, wanted }: Workload,
  all: readonly Workload[],
  { kind }: Cause,
): string {
  const counted = wanted > 1 && kind !== "refused" && kind !== "paused";
  const parts = [
    ...(all.length > 1 ? [name] : []),
    ...(counted ? [`${Math.min(count, wanted)} of ${wanted} pods`] : []),
  ];
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

/** Events by the uid of what they are about, the oldest first. */
function byObject(events: readonly Event[], workloads: readonly Workload[]): About {
  const uids = new Set(
    workloads.flatMap(({ makers, fresh }) => [
      ...makers,
      ...fresh.map(({ metadata }) => metadata.uid),
    ]),
  );
  const ours = events.filter(({ of }) => uids.has(of.uid ?? ""));
  return Map.groupBy(
    ours.sort((a, b) => a.last - b.last),
    ({ of }) => of.uid,
  );
}
