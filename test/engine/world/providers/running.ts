/** Clusters, gitops, metrics and tests in the world. */
import type { Provider } from "../../../../src/core/provider.ts";
import { milliseconds, type Time } from "../../../../src/core/time.ts";
import { declared, happens } from "../faces.ts";
import { clusters, gitops, type metrics, tests } from "../roles/running.ts";
import type { World } from "../world.ts";

interface Place {
  readonly service: string;
  readonly environment: string;
}
export const idOf = (at: Place): string => `${at.environment}/${at.service}`;

/** Good once the object has been as it is for `time`. */
export function aged(world: World, id: string, time: Time, says: string) {
  return {
    state: world.age(id) >= milliseconds(time) ? ("good" as const) : ("going" as const),
    says,
  };
}

export function runs(world: World): Provider<typeof clusters> {
  const nothing = () => ({});
  return {
    release: declared(world, clusters.release, {
      object: idOf,
      want: (i) => ({ version: i.version, percent: i.percent ?? 100 }),
      knows: (i) => ({ url: `http://${idOf(i)}` }),
      result: (i) => ({ revision: 1, url: `http://${idOf(i)}` }),
    }),
    job: happens(world, clusters.job, {
      object: idOf,
      does(i) {
        world.set(`${idOf(i)}/job`, {});
        return {};
      },
      irreversible: "a migration that ran",
    }),
    bind: declared(world, clusters.bind, {
      object: (i) => `${idOf(i)}/config`,
      want: (i) => i.env,
      result: nothing,
    }),
    restart: happens(world, clusters.restart, {
      object: idOf,
      does(i) {
        world.set(idOf(i), world.objects.get(idOf(i)) ?? null);
        return {};
      },
      irreversible: "a restart",
    }),
    adopt: declared(world, clusters.adopt, {
      object: (i) => `${idOf(i)}/inventory`,
      want: (i) => ({ objects: [idOf(i)] }),
      knows: (i) => ({ objects: [idOf(i)] }),
      result: (i) => ({ objects: [idOf(i)] }),
    }),
    async rollout(i) {
      const version = String(world.read(idOf(i))?.["version"]);
      const bad = version.includes("bad") && world.age(idOf(i)) > 3_000;
      if (bad) return { state: "bad", says: `${version} keeps crashing.`, ready: 0, of: 3 };
      const time = version.includes("slow") ? "5m" : "4s";
      return { ...aged(world, idOf(i), time, "Coming up."), ready: 1, of: 3 };
    },
    jobState: async (i) => aged(world, `${idOf(i)}/job`, "3s", "Migrating."),
    async running(i) {
      const version = world.read(idOf(i))?.["version"];
      return { version: typeof version === "string" ? version : null, ready: 3, of: 3 };
    },
    history: async () => [
      { version: "1.5.0", good: false, at: 3 },
      { version: "1.4.2", good: true, at: 2 },
      { version: "1.4.1", good: true, at: 1 },
    ],
    versions: async () => [{ value: "1.4.2", hint: "built today" }],
    async *logs(i) {
      for (const n of [0, 1, 2]) yield { text: `line ${n} of ${i.service}`, pod: "a" };
    },
  };
}

export function follows(world: World): Provider<typeof gitops> {
  return {
    application: declared(world, gitops.application, {
      object: (i) => `${idOf(i)}/application`,
      want: (i) => ({ repo: i.repo, path: i.path }),
      knows: (i) => ({ name: i.service }),
      result: (i) => ({ name: i.service }),
    }),
    synced: async (i) => aged(world, idOf(i), "2s", "Syncing."),
  };
}

export function measures(world: World): Provider<typeof metrics> {
  return {
    async gate(i) {
      if (world.signs.has("errors"))
        return { state: "bad", says: "Errors are at 4 % (limit 1 %).", value: 0.04 };
      return { ...aged(world, idOf(i), i.during, "Watching errors."), value: 0 };
    },
    alert: async () => ({ firing: !world.signs.has("resolved") }),
  };
}

export function testsRun(world: World): Provider<typeof tests> {
  return {
    start: happens(world, tests.start, {
      object: idOf,
      does(_i, key) {
        world.set(`tests/${key}`, {});
        return { id: key };
      },
      irreversible: "tests ran",
    }),
    finished: async (i) => ({ ...aged(world, `tests/${i.id}`, "60s", "Testing."), passed: 9 }),
  };
}
