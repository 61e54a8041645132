/** A service on a real control plane, whose versions are what a test says they are. */
import type { KubeObject } from "../../../src/expand/object.ts";
import { connect } from "../../../src/providers/kubernetes/api/connection.ts";
import { watches } from "../../../src/providers/kubernetes/api/watch.ts";
import type { Deck } from "../../../src/providers/kubernetes/carry/deck.ts";
import { records } from "../../../src/providers/kubernetes/carry/records.ts";
import type { Cluster, Rendered, Spot } from "../../../src/providers/kubernetes/types.ts";
import { cluster, type Kube } from "../../kube.ts";
import type { Asker } from "../../servers.ts";

export interface Stage {
  readonly kube: Kube;
  readonly deck: Deck;
  readonly namespace: string;
  readonly at: { readonly service: string; readonly environment: string };
  readonly spot: Spot;
  /** What each version consists of; a test may change it. */
  readonly versions: Map<string, Rendered>;
  /** The same world as another Shipmate sees it, whose calls may fail. */
  another(wrap?: (cluster: Cluster) => Cluster): Deck;
}

/** `web` with version 1.4.1 and 1.4.2 of a Deployment, a Service and a ConfigMap. */
export async function stage(asker: Asker, on?: Kube): Promise<Stage> {
  const kube = on ?? (await cluster(asker));
  const namespace = await kube.namespace("staging");
  await kube.grant("shipmate", "cluster-admin");
  const at = { service: "web", environment: "staging" };
  const versions = new Map(
    ["1.4.1", "1.4.2", "1.5.0-crash"].map((version) => [
      version,
      rendered(web(namespace, version)),
    ]),
  );
  const connection = connect({ name: "prod", ...kube.as("shipmate"), limit: 60_000 });
  const watching = watches({ cluster: connection });
  asker.onTestFinished(async () => {
    await watching.close();
    connection.close();
  });
  const another: Stage["another"] = (wrap = (one) => one) => {
    const own = wrap(connection);
    return {
      spotOf: (place) => ({
        ...place,
        ...{ namespace, own, as: () => own, watched: watching.of(namespace) },
      }),
      source: {
        render: async ({ version }) => {
          const found = versions.get(version);
          if (!found) throw new Error(`there is no ${version}`);
          return found;
        },
        versions: async () => [],
      },
      records: records(Date.now),
      now: Date.now,
    };
  };
  const deck = another();
  return { kube, deck, namespace, at, spot: deck.spotOf(at), versions, another };
}

export function rendered(objects: readonly KubeObject[], migration?: KubeObject): Rendered {
  return { objects, pins: [], ...(migration && { migration }) };
}

/** A Deployment, a Service and a ConfigMap. */
export function web(namespace: string, version: string, more: Partial<Web> = {}): KubeObject[] {
  const { replicas = 1, config = "info", name = "web" } = more;
  const metadata = { name, namespace };
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata, data: { LEVEL: config } },
    {
      ...{ apiVersion: "v1", kind: "Service", metadata },
      spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
    },
    {
      ...{ apiVersion: "apps/v1", kind: "Deployment", metadata },
      spec: {
        replicas,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: { containers: [{ name, image: `ghcr.io/acme/${name}:${version}` }] },
        },
      },
    },
  ];
}
interface Web {
  readonly replicas: number;
  readonly config: string;
  readonly name: string;
}

/** Each call is counted, and `spoil` may do something before or after it. */
export function spoiled(
  cluster: Cluster,
  spoil: (
    call: string,
    n: number,
    object: KubeObject | undefined,
    go: () => Promise<unknown>,
  ) => Promise<unknown>,
): Cluster {
  let n = 0;
  const calls = new Set(["get", "list", "apply", "create", "merge", "remove"]);
  return new Proxy(cluster, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function" || !calls.has(String(name))) return value;
      return (...args: unknown[]) =>
        spoil(String(name), ++n, args[0] as KubeObject, () => Reflect.apply(value, target, args));
    },
  });
}
