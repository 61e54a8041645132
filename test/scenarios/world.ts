/** A cluster in memory with as many services as there are scenarios, each of which can be turned by its own. */
import type { Json } from "../../src/core/operation.ts";
import type { Provider } from "../../src/core/provider.ts";
import { clusters } from "../../src/roles/clusters.ts";
import { noMore } from "../no-more.ts";

/** One service wherever it runs. */
export interface Ship {
  /** By environment. */
  readonly versions: Map<string, string>;
  /** What somebody else may change while an approval is waited for. */
  replicas: number;
  /** Settings that a release changes, besides the version. */
  settings: number;
  /** What it writes, a line each. */
  lines: readonly string[];
  /** How many releases were carried out. */
  releases: number;
}
export interface World {
  ship(service: string): Ship;
  readonly clusters: Provider<typeof clusters>;
}

export function world(): World {
  const ships = new Map<string, Ship>();
  const good = new Map<string, { version: string; good: boolean; at: number }[]>();
  const ship = (service: string): Ship => {
    const known = ships.get(service) ?? {
      versions: new Map([["production", "1.4.1"]]),
      replicas: 3,
      settings: 0,
      lines: [`${service} says hello`],
      releases: 0,
    };
    ships.set(service, known);
    return known;
  };
  const history = (at: { service: string; environment: string }) => {
    const key = `${at.environment}/${at.service}`;
    const known = good.get(key) ?? [{ version: "1.4.1", good: true, at: Date.now() - 86_400_000 }];
    good.set(key, known);
    return known;
  };
  const url = null;

  const faces: Provider<typeof clusters> = {
    ...noMore,
    release: {
      async preview(input) {
        const { service, environment } = input;
        const it = ship(service);
        const [from, to] = [it.versions.get(environment) ?? null, String(input.version)];
        if (from === to) return { same: { url } };
        const of = `${environment}/${service}`;
        const set = Array.from({ length: it.settings }, (_, at) => ({
          ...{ of, field: `env SETTING_${at + 1}`, from: `old-${at + 1}`, to: `new-${at + 1}` },
        }));
        const replicas = { of, field: "replicas", from: it.replicas, to: 3 };
        return {
          changes: [
            { of, field: "version", from, to },
            ...(it.replicas === 3 ? [] : [replicas]),
            ...set,
          ],
          seen: { [of]: { version: from, replicas: it.replicas } as Json },
          will: { [of]: to },
          undo: [
            from === null
              ? clusters.remove({ service, environment })
              : clusters.release({ service, environment, version: from }),
          ],
        };
      },
      async run({ service, environment, version }) {
        const it = ship(service);
        it.versions.set(environment, version);
        it.replicas = 3;
        it.releases += 1;
        history({ service, environment }).unshift({ version, good: true, at: Date.now() });
        return { url };
      },
    },
    remove: {
      async preview({ service, environment }) {
        const from = ship(service).versions.get(environment);
        if (from === undefined) return { same: {} };
        return {
          changes: [{ of: `${environment}/${service}`, from, to: null }],
          seen: {},
          will: {},
          undo: { irreversible: "nothing brings it back" },
        };
      },
      async run({ service, environment }) {
        ship(service).versions.delete(environment);
        return {};
      },
    },
    rollout: async ({ service, environment }) => ({
      ...{ state: "good", says: "3 of 3 ready", ready: 3, of: 3, log: [], url },
      version: ship(service).versions.get(environment) ?? null,
    }),
    running: async ({ service, environment }) => ({
      ...{ ready: 3, of: 3, url, since: null, restarts: 0 },
      version: ship(service).versions.get(environment) ?? null,
    }),
    history: async (at) => history(at),
    versions: async () => ["1.5.0", "1.4.2", "1.4.1"].map((value) => ({ value, hint: "" })),
    async *logs({ service, tail = 200 }) {
      for (const text of ship(service).lines.slice(-tail)) yield { text, from: service, at: 0 };
    },
  };
  return { ship, clusters: faces };
}
