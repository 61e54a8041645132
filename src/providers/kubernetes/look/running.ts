/** What runs now: which versions serve, since when, what is wrong, and what differs from what was released. */
import { z } from "zod";
import type { Provider } from "../../../core/provider.ts";
import { type KubeObject, marks } from "../../../expand/object.ts";
import type { clusters } from "../../../roles/clusters.ts";
import type { Release, Spot } from "../types.ts";
import { addressOf } from "../url.ts";
import { differences } from "./differences.ts";
import { type Judged, judge, silence } from "./judge.ts";
import { isAlive, isReady, type Pod, versionOf } from "./pods.ts";
import type { Reading } from "./reading.ts";

type Running = Provider<typeof clusters>["running"];
type Now = Awaited<ReturnType<Running>>;

export function running(reading: Reading): Running {
  const judged = judge(reading);
  const contents = rememberedContents(reading);
  const balancers = rememberedBalancers(reading);
  return async (at, signal): Promise<Now> => {
    const spot = reading.spotOf(at);
    const found = await judged(spot, signal);
    if (!found) return nothing;
    const { release, seen, of } = found;
    const versions = await versionsIn(reading, spot, found, signal);
    const [serving] = versions;
    const content = await contents(spot, release, signal);
    const why = whyOf(found, serving?.version, spot, reading.now());
    const isKnown = found.missing.length === 0 && spot.watched.stale() === undefined;
    const differs = isKnown ? await differences(found, content, spot, signal) : "";
    const pods = serving?.pods ?? [];
    const ready = pods.filter(isReady);
    const all = versions.filter((version) => version.ready > 0);
    const live = seen.workloads.length > 0;
    return {
      version: serving?.version ?? null,
      ready: Math.min(
        of,
        all.reduce((sum, version) => sum + version.ready, 0),
      ),
      of,
      url: live ? (release.url ?? (await balancers(spot, release, content, signal))) : null,
      since: oldest(ready),
      restarts: restartsOf(pods),
      ...(why === undefined ? {} : { why }),
      ...(all.length > 1 && {
        versions: all.map(({ version, ready, pods }) => ({ version, ready, of: pods.length })),
      }),
      ...(differs === "" ? {} : { differs }),
    };
  };
}

const nothing: Now = { version: null, ready: 0, of: 0, url: null, since: null, restarts: 0 };

interface Serving {
  readonly version: string;
  readonly ready: number;
  readonly pods: readonly Pod[];
}

/**
 * The one that has most pods ready comes first. Where none is ready, only a version that became healthy once is said
 * to run: one that never did is not there yet.
 */
async function versionsIn(
  { records }: Reading,
  spot: Spot,
  { release, workloads }: Judged,
  signal: AbortSignal,
): Promise<Serving[]> {
  const pods = workloads.flatMap((workload) => workload.pods).filter(isAlive);
  const old = workloads.some(({ pods, fresh }) => pods.filter(isAlive).length > fresh.length);
  const isMixed = (old || release.state !== "good") && spot.watched.stale() === undefined;
  const all = isMixed && pods.length > 0 ? await records.list(spot, signal) : [release];
  const known = new Set(all.map(({ version }) => version));
  const good = new Set(all.flatMap((one) => (wasGood(one) ? [one.version] : [])));
  const groups = Map.groupBy(pods, (pod) => versionOf(pod, known, marks.version));
  return [...groups]
    .map(([version, pods]) => ({ version, pods, ready: pods.filter(isReady).length }))
    .filter(({ version, ready }) => ready > 0 || good.has(version))
    .sort((a, b) => b.ready - a.ready || (oldest(a.pods) ?? 0) - (oldest(b.pods) ?? 0));
}

const wasGood = ({ state }: Release): boolean => state === "good" || state === "adopted";

function whyOf(
  { release, reason, state, stuck, says, missing }: Judged,
  serving: string | undefined,
  spot: Spot,
  now: number,
): string | undefined {
  const silent = spot.watched.stale();
  if (silent) return `${silence(spot, silent, now)} This is how it was then.`;
  const still =
    serving === undefined || serving === release.version ? "" : ` ${serving} still runs.`;
  if (state === "bad") return `${says}${still}`;
  if (missing.length > 0 && !stuck) return says;
  // Whether it is taken back is up to the run that watches it, if one does.
  if (stuck) return `${reason?.going ?? says.replace(/ Taking it back in .*$/, "")}${still}`;
  return state === "going" ? `${says}${still}` : undefined;
}

const oldest = (pods: readonly Pod[]): number | null => {
  const times = pods.map(({ status, metadata }) => status.startTime ?? metadata.creationTimestamp);
  const known = times.filter((at) => at !== undefined);
  return known.length === 0 ? null : Math.min(...known);
};

const restartsOf = (pods: readonly Pod[]): number =>
  pods
    .flatMap(({ status }) => status.containerStatuses)
    .reduce((sum, { restartCount }) => sum + restartCount, 0);

/** What a release applied, read once for each service's newest. */
function rememberedContents({ records }: Reading) {
  const memory = new Map<string, { number: number; content: readonly KubeObject[] }>();
  return async (spot: Spot, { number }: Release, signal: AbortSignal) => {
    const known = memory.get(keyOf(spot));
    if (known?.number === number) return known.content;
    const content = (await records.content(spot, number, signal).catch(() => undefined)) ?? [];
    signal.throwIfAborted();
    if (content.length > 0) memory.set(keyOf(spot), { number, content });
    return content;
  };
}

const Balancer = z.object({ spec: z.object({ type: z.literal("LoadBalancer") }) });

/** The address that a load balancer got after its release; asked for until it is known. */
function rememberedBalancers({ now }: Reading) {
  const memory = new Map<string, { number: number; url: string | null; at: number }>();
  return async (
    spot: Spot,
    { number }: Release,
    content: readonly KubeObject[],
    signal: AbortSignal,
  ): Promise<string | null> => {
    const services = content.filter(
      (object) => object.kind === "Service" && Balancer.safeParse(object).success,
    );
    if (services.length === 0) return null;
    const known = memory.get(keyOf(spot));
    if (known?.number === number && (known.url !== null || now() - known.at < 5_000))
      return known.url;
    const found = await Promise.all(
      services.map(({ apiVersion, kind, metadata: { name } }) =>
        spot.own.get({ apiVersion, kind, name, namespace: spot.namespace }, signal),
      ),
    );
    const url = addressOf(found.filter((object) => object !== undefined));
    memory.set(keyOf(spot), { number, url, at: now() });
    return url;
  };
}

const keyOf = ({ own, namespace, environment, service }: Spot): string =>
  [own.name, namespace, environment, service].join("/");
