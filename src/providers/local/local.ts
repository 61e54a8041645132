/** The role clusters on this machine alone: sample services really run, as processes behind a port each. */
import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Provider } from "../../core/provider.ts";
import type { clusters } from "../../roles/clusters.ts";
import { Environment, Service } from "../../roles/directory.ts";
import { type Caretaker, caretaker } from "./caretaker.ts";
import { type Keeper, keep, type Place } from "./keeper.ts";
import { logs } from "./logs.ts";
import { looks } from "./looks.ts";
import { others } from "./others.ts";
import { release, type Shelf } from "./release.ts";
import { remove } from "./remove.ts";
import { restart } from "./restart.ts";
import { samplesIn } from "./samples.ts";
import type { State } from "./state.ts";
import type { Limits } from "./supervisor.ts";

export interface LocalOptions {
  /** Where state and logs are kept: `.shipmate/local`. One Shipmate at a time may use it. */
  readonly folder: string;
  /** Where the samples are: `manifests/samples`. */
  readonly samples: string;
  /** Told each step of the supervisors, in a line. */
  readonly log?: (says: string) => void;
  readonly limits?: Partial<Limits>;
  readonly now?: () => number;
  readonly id?: () => string;
}

export interface Local {
  readonly clusters: Provider<typeof clusters>;
  /** Services go on running, and are found again by the next one; with `stop` all of them are stopped first. */
  close(options?: { readonly stop?: boolean }): Promise<void>;
}

/** Takes up what an earlier life left: its processes are found, the dead ones started again. */
export async function local(options: LocalOptions): Promise<Local> {
  const { now = Date.now, id = randomUUID, log = () => {} } = options;
  const folder = resolve(options.folder);
  const samples = samplesIn(resolve(options.samples));
  const limits = { ...usual, ...options.limits };
  const cared = new Map<string, Caretaker>();
  let closed = false;

  function keeper(place: Place): Keeper {
    samples.at(place);
    const key = `${place.environment}/${place.service}`;
    if (closed) throw new Error(`looking after ${key}: the local world is closed`);
    const there = cared.get(key);
    if (there) return there.keeper;
    const { service, environment } = place;
    const care = caretaker({
      keep: (wake) => keep({ service, environment }, { folder, now, id, wake, log }),
      parts: { limits, now, log, main: (version) => samples.main(service, version) },
    });
    cared.set(key, care);
    return care.keeper;
  }

  const shelf: Shelf = { samples, now, keeper };
  await Promise.all(
    placesIn(folder).map(async (place) => {
      const k = keeper(place);
      if (k.state().releases.length > 0) await k.front();
      cared.get(`${place.environment}/${place.service}`)?.wake();
    }),
  );
  return {
    clusters: {
      release: release(shelf),
      remove: remove(shelf),
      restart: restart(shelf),
      ...looks(shelf),
      ...others(shelf),
      logs: (input, signal) => {
        const k = keeper(input);
        if (k.state().processes === 0) samples.versions(input.service);
        const below = input.previous ? firstOfNow(k.state()) : undefined;
        return logs(k.logs, { ...input, below }, now, signal);
      },
    },
    async close({ stop = false } = {}) {
      closed = true;
      await Promise.all([...cared.values()].map((care) => care.close(stop)));
    },
  };
}

const usual: Limits = { listen: 30_000, healthy: 10_000, stop: 5_000, watch: 2_000 };

/** The number of the oldest process that serves or is about to, or of the last one that was there. */
function firstOfNow({ serving, candidate, processes }: State): number {
  const numbers = [serving?.process, candidate].flatMap((process) => process?.n ?? []);
  return numbers.length > 0 ? Math.min(...numbers) : processes;
}

function placesIn(folder: string): readonly Place[] {
  return folders(folder)
    .filter((name) => Environment.safeParse(name).success)
    .flatMap((environment) =>
      folders(join(folder, environment))
        .filter((name) => Service.safeParse(name).success)
        .map((service) => ({ service, environment })),
    );
}

function folders(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw new Error(`reading ${path}`, { cause: error });
  }
}
