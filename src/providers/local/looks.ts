/** The looks: how a release is doing, what runs now, and what was released before. */
import type { Provider } from "../../core/provider.ts";
import type { clusters } from "../../roles/clusters.ts";
import { urlOf } from "./effects.ts";
import type { Keeper, Place } from "./keeper.ts";
import { lastLines } from "./log-file.ts";
import type { Shelf } from "./release.ts";

type Looks = Pick<Provider<typeof clusters>, "rollout" | "running" | "history" | "versions">;

export function looks({ samples, now, keeper }: Shelf): Looks {
  /** Refuses a service that neither is there as a sample nor runs. */
  const known = (place: Place): Keeper => {
    const k = keeper(place);
    if (k.state().releases.length === 0) samples.versions(place.service);
    return k;
  };
  return {
    rollout: async (place) => rollout(known(place)),
    running: async (place) => running(known(place), now()),
    history: async (place) =>
      known(place)
        .state()
        .releases.map(({ version, state, at, by, why }) => ({
          ...{ version, at, by, good: state === "good" },
          ...(why !== "" && { why }),
        })),
    versions: async ({ service }) =>
      samples.versions(service).map((value) => ({ value, hint: "sample" })),
  };
}

function rollout(k: Keeper): Awaited<ReturnType<Looks["rollout"]>> {
  const { releases, candidate, serving, port } = k.state();
  const [release] = releases;
  if (!release || port === null) {
    const says = `${k.name} has no release.`;
    return { state: "bad", says, version: null, ready: 0, of: 0, url: null, log: [] };
  }
  const { version } = release;
  const url = urlOf(port);
  if (release.state === "bad")
    return { state: "bad", says: release.why, version, ready: 0, of: 1, url, log: release.log };
  if (release.state === "good") {
    const ready = isReady(k) ? 1 : 0;
    return { state: "good", says: `${version} runs.`, version, ready, of: 1, url, log: [] };
  }
  const process = candidate ?? serving?.process;
  const answered = candidate && isAnswering(k, candidate.instance);
  const says = answered ? "0 of 1 ready." : `Starting ${version}.`;
  const log = process?.version === version ? lastLines(k.logOf(process), 10) : [];
  return { state: "going", says, version, ready: 0, of: 1, url, log };
}

function running(k: Keeper, now: number): Awaited<ReturnType<Looks["running"]>> {
  const { serving, releases, port } = k.state();
  const why = whatIsWrong(k, now);
  const told = why === undefined ? {} : { why };
  if (!serving) {
    const of = releases.length === 0 ? 0 : 1;
    return { version: null, ready: 0, of, url: null, since: null, restarts: 0, ...told };
  }
  return {
    version: serving.version,
    ready: isReady(k) ? 1 : 0,
    of: 1,
    url: port === null ? null : urlOf(port),
    since: serving.process?.started ?? null,
    restarts: serving.restarts,
    ...told,
  };
}

/** What a person should know, in one or two sentences; undefined where all is well. */
function whatIsWrong(k: Keeper, now: number): string | undefined {
  const {
    serving,
    releases: [release],
  } = k.state();
  const failed = release?.state === "bad" ? release.why : undefined;
  if (!serving) return failed;
  const { process, why, next, version } = serving;
  if (!process) {
    const pause = Math.max(0, Math.ceil((next - now) / 1_000));
    const soon = pause > 0 ? `It is started again in ${pause} s.` : "It is started again.";
    return why === "" ? soon : `${why} ${soon}`;
  }
  if (!isReady(k)) {
    const health = k.health.get(process.instance);
    const says = health && !health.healthy ? health.says : "its health is not known yet";
    return `${why === "" ? "" : `${why} `}${version} was started, but ${says}.`;
  }
  if (why !== "") return `${why} It was started again and is healthy.`;
  return failed === undefined ? undefined : `${failed} ${version} still runs.`;
}

function isReady(k: Keeper): boolean {
  const instance = k.state().serving?.process?.instance;
  return instance !== undefined && k.health.get(instance)?.healthy === true;
}

function isAnswering(k: Keeper, instance: string): boolean {
  const health = k.health.get(instance);
  return health !== undefined && !health.healthy && health.says.startsWith("/healthz");
}
