/** A service on a real control plane as the looks see it: releases are applied and recorded here by hand. */
import type { TestContext } from "vitest";
import type { Json } from "../../../../src/core/operation.ts";
import { type KubeObject, marks } from "../../../../src/expand/object.ts";
import { connect } from "../../../../src/providers/kubernetes/api/connection.ts";
import { watches } from "../../../../src/providers/kubernetes/api/watch.ts";
import { records } from "../../../../src/providers/kubernetes/carry/records.ts";
import type { Reading } from "../../../../src/providers/kubernetes/look/reading.ts";
import type { Release, Spot } from "../../../../src/providers/kubernetes/types.ts";
import { cluster, type Kube } from "../../../kube.ts";
import { open } from "../../drive.ts";

/** Milliseconds: enough for a busy machine to see that something is stuck before it is bad. */
const short = 8_000;
/** Milliseconds: for what must come up, however busy the machine is. */
export const long = 120_000;

export const at = { service: "web", environment: "production" };

export interface Looks {
  readonly kube: Kube;
  readonly namespace: string;
  readonly spot: Spot;
  readonly reading: Reading;
  /** Records a release and applies its objects; a version that is a tag of `web` unless objects are given. */
  release(version: string, more?: Partial<Deployed>): Promise<Release>;
}

export interface Deployed {
  /** Milliseconds for which it may be stuck; as the world has it unless told. */
  readonly patience: number;
  readonly replicas: number;
  /** Put into the pod's container. */
  readonly container: Json;
  /** Put into the pod's spec. */
  readonly pod: Json;
  /** Put into the Deployment's spec. */
  readonly spec: Json;
  readonly objects: readonly KubeObject[];
}

export async function looks(
  context: TestContext,
  how: { readonly patience?: number; readonly kube?: Kube } = {},
): Promise<Looks> {
  const kube = how.kube ?? (await cluster(context));
  const namespace = await kube.namespace();
  const own = connect({ name: "prod", ...kube.as("admin"), limit: 60_000 });
  const all = watches({ cluster: own });
  context.onTestFinished(async () => {
    await all.close();
    own.close();
  });
  const spot: Spot = { ...at, namespace, own, as: () => own, watched: all.of(namespace) };
  const now = Date.now;
  const kept = records(now);
  let patience = how.patience ?? short;
  const reading: Reading = {
    spotOf: (place) => ({ ...spot, ...place }),
    records: kept,
    patience: () => patience,
    now,
  };
  let number = 0;
  return {
    kube,
    namespace,
    spot,
    reading,
    async release(version, more = {}) {
      patience = more.patience ?? how.patience ?? short;
      const objects = more.objects ?? [deployment(version, more)];
      const release: Release = {
        number: ++number,
        version,
        key: `key ${number}`,
        at: now(),
        by: "ada",
        state: "applying",
        inventory: objects.map(({ apiVersion, kind, metadata: { name } }) => ({
          ...{ apiVersion, kind, name, namespace },
        })),
        pins: {},
        url: null,
      };
      await kept.create(spot, release, objects, open);
      for (const object of objects)
        await own.apply(marked(object, namespace, number), { force: true }, open);
      await kept.mark(spot, number, "going", undefined, open);
      return release;
    },
  };
}

/** As the effects mark what they apply. */
function marked(object: KubeObject, namespace: string, number: number): KubeObject {
  const labels = { [marks.service]: at.service, [marks.environment]: at.environment };
  const { metadata } = object;
  const annotations = { ...metadata.annotations, [marks.release]: String(number) };
  return {
    ...object,
    metadata: { ...metadata, namespace, labels: { ...metadata.labels, ...labels }, annotations },
  };
}

export function deployment(
  version: string,
  more: Partial<Deployed> = {},
  name = "web",
): KubeObject {
  const container = {
    name: "web",
    image: `ghcr.io/acme/web:${version}`,
    readinessProbe: { httpGet: { path: "/healthz", port: 8080 }, periodSeconds: 1 },
    ...(more.container as object),
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas: more.replicas ?? 1,
      selector: { matchLabels: { app: name } },
      strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [container],
          ...(more.pod as object),
        },
      },
      ...(more.spec as object),
    },
  };
}
