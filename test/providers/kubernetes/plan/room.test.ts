import { describe, expect, test } from "vitest";
import type { KubeObject } from "../../../../src/expand/object.ts";
import { needsOf } from "../../../../src/providers/kubernetes/plan/missing.ts";
import { room } from "../../../../src/providers/kubernetes/plan/room.ts";
import {
  ApiError,
  type Cluster,
  type Ref,
  type Spot,
} from "../../../../src/providers/kubernetes/types.ts";

type Data = Record<string, unknown>;
const signal = new AbortController().signal;
const no = () => {
  throw new Error("not expected");
};
const object = (kind: string, name: string, content: Data = {}, apiVersion = "v1"): KubeObject =>
  ({ apiVersion, kind, metadata: { name }, ...content }) as KubeObject;

/** A cluster that lets every pod in as it is, unless told otherwise. */
function world({
  quotas = [],
  there = [],
  refusal,
}: {
  quotas?: KubeObject[];
  there?: KubeObject[];
  refusal?: Error;
} = {}) {
  const pods: KubeObject[] = [];
  const cluster: Cluster = {
    ...{ name: "test", apply: no, merge: no, remove: no, serves: no, logs: no, mayI: no },
    get: async (ref: Ref) =>
      there.find(({ kind, metadata }) => kind === ref.kind && metadata.name === ref.name),
    list: async () => quotas,
    create: async (pod) => {
      pods.push(pod);
      if (refusal) throw refusal;
      return pod;
    },
  };
  const spot: Spot = {
    ...{
      service: "web",
      environment: "production",
      namespace: "shop",
      own: cluster,
      as: () => cluster,
    },
    watched: { read: async () => [], stale: () => undefined },
  };
  const ask = (after: KubeObject, live?: KubeObject, more: KubeObject[] = []) =>
    room(
      spot,
      cluster,
      {
        wanted: { objects: [after, ...more], delete: [] },
        touched: [{ object: after, live, after }],
      },
      signal,
    );
  return { ask, pods };
}

const quota = (hard: Data, used: Data, spec: Data = {}) =>
  object("ResourceQuota", "compute", { spec, status: { hard, used } });
const sized = (replicas: number | undefined, memory: string, spec: Data = {}) =>
  object("Deployment", "web", {
    spec: {
      ...(replicas !== undefined && { replicas }),
      ...spec,
      template: { spec: { containers: [{ name: "web", resources: { requests: { memory } } }] } },
    },
  });
const whole = { strategy: { type: "Recreate" } };
const oneMore = { strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } };

describe("a rollout", () => {
  const full = quota({ "requests.memory": "4Gi" }, { "requests.memory": "4Gi" });

  test("of pods that are each too large for what is left is refused too", async () => {
    const says =
      'pods "web-" is forbidden: exceeded quota: compute, requested: requests.memory=5Gi';
    const { ask } = world({
      quotas: [quota({ "requests.memory": "4Gi" }, {})],
      refusal: new ApiError(says, { code: 403, reason: "Forbidden" }),
    });
    await expect(ask(sized(1, "5Gi"))).rejects.toThrow(
      "needs 5 GiB more memory than now, but the quota compute leaves 4 GiB of 4 GiB",
    );
    const limited = object("Deployment", "web", {
      spec: {
        template: {
          spec: { containers: [{ name: "web", resources: { limits: { memory: "5Gi" } } }] },
        },
      },
    });
    await expect(ask(limited)).rejects.toThrow("needs 5 GiB more memory");
  });

  test("that ends with more than the quota leaves is refused, with how much is missing", async () => {
    const { ask } = world({
      quotas: [
        quota({ "requests.memory": "8Gi", pods: "10" }, { "requests.memory": "7Gi", pods: "3" }),
      ],
    });
    await expect(ask(sized(3, "1Gi"))).rejects.toThrow(
      "web needs 3 GiB more memory than now, but the quota compute leaves 1 GiB of 8 GiB: ask for less, free some, or have the quota raised.",
    );
    await expect(ask(sized(1, "1Gi"))).resolves.toBeUndefined();
    await expect(ask(sized(8, "10Mi"))).rejects.toThrow(
      "needs 8 more pods than now, but the quota compute leaves 7 of 10",
    );
  });

  test("needs one more at a time only where none may be away meanwhile", async () => {
    const { ask } = world({ quotas: [full] });
    await expect(ask(sized(4, "1Gi", oneMore), sized(4, "1Gi", oneMore))).rejects.toThrow(
      "needs 1 GiB more memory",
    );
    await expect(ask(sized(4, "1Gi", whole), sized(4, "1Gi", whole))).resolves.toBeUndefined();
    await expect(ask(sized(4, "1Gi"), sized(4, "1Gi"))).resolves.toBeUndefined();
    await expect(ask(sized(2, "1Gi", whole), sized(4, "1Gi", whole))).resolves.toBeUndefined();
    await expect(ask(sized(4, "2Gi", whole), sized(4, "1Gi", whole))).rejects.toThrow(
      "needs 4 GiB more memory",
    );
  });

  test("under an autoscaler is as large as it keeps it", async () => {
    const { ask } = world({ quotas: [quota({ "requests.memory": "4Gi" }, {})] });
    const scaler = object("HorizontalPodAutoscaler", "web", {
      spec: { minReplicas: 5, scaleTargetRef: { kind: "Deployment", name: "web" } },
    });
    await expect(ask(sized(undefined, "1Gi"), undefined, [scaler])).rejects.toThrow(
      "needs 5 GiB more memory",
    );
    await expect(ask(sized(undefined, "1Gi"))).resolves.toBeUndefined();
  });

  test("is not judged by quotas that count only some pods", async () => {
    const { ask } = world({ quotas: [quota({ pods: "0" }, {}, { scopes: ["BestEffort"] })] });
    await expect(ask(sized(3, "1Gi"))).resolves.toBeUndefined();
  });

  test("tries one pod with the template's account, unless that comes with the release", async () => {
    const { ask, pods } = world();
    const workload = object("Deployment", "web", {
      spec: {
        template: {
          metadata: { labels: { app: "web" } },
          spec: { serviceAccountName: "web", containers: [] },
        },
      },
    });
    await ask(workload);
    await ask(workload, undefined, [object("ServiceAccount", "web")]);
    expect(pods.map((pod) => pod["spec"])).toEqual([
      { serviceAccountName: "web", containers: [] },
      { containers: [] },
    ]);
    expect(pods[0]?.metadata).toEqual({
      generateName: "web-",
      namespace: "shop",
      labels: { app: "web" },
    });
  });

  test("may be asked for by somebody who may not create pods", async () => {
    const says =
      'pods is forbidden: User "ada" cannot create resource "pods" in API group "" in the namespace "shop"';
    const may = world({ refusal: new ApiError(says, { code: 403, reason: "Forbidden" }) });
    await expect(may.ask(sized(1, "1Gi"))).resolves.toBeUndefined();
    const not = world({
      refusal: new ApiError('violates PodSecurity "restricted:latest": x', {
        code: 403,
        reason: "Forbidden",
      }),
    });
    await expect(not.ask(sized(1, "1Gi"))).rejects.toThrow(
      "allows only pods that are restricted, which forbids a pod of Deployment web: x.",
    );
  });
});

describe("what pods refer to", () => {
  const uses = (env: Data, pod: Data = {}) =>
    object("Deployment", "web", {
      spec: {
        template: {
          spec: { containers: [{ name: "web", env: [{ name: "A", valueFrom: env }] }], ...pod },
        },
      },
    });
  const secret = (name: string, key = "a") => uses({ secretKeyRef: { name, key } });

  test("is found wherever a template can name it, but for what is optional", () => {
    const workload = object("CronJob", "web", {
      spec: {
        jobTemplate: {
          spec: {
            template: {
              spec: {
                initContainers: [
                  {
                    envFrom: [
                      { secretRef: { name: "a" } },
                      { configMapRef: { name: "b", optional: true } },
                    ],
                  },
                ],
                containers: [
                  {
                    env: [
                      { name: "X", value: "1" },
                      { name: "Y", valueFrom: { configMapKeyRef: { name: "c", key: "k" } } },
                    ],
                  },
                ],
                volumes: [
                  { name: "1", secret: { secretName: "d", items: [{ key: "e" }, { key: "f" }] } },
                  {
                    name: "2",
                    projected: {
                      sources: [{ configMap: { name: "g" } }, { serviceAccountToken: {} }],
                    },
                  },
                  { name: "3", emptyDir: {} },
                ],
              },
            },
          },
        },
      },
    });
    expect(
      needsOf(workload).map(({ kind, name, key }) => [kind, name, key].filter(Boolean).join(" ")),
    ).toEqual([...["Secret a", "ConfigMap c k", "Secret d e", "Secret d f", "ConfigMap g"]]);
  });

  test.each([
    [
      "a database's",
      object("Cluster", "web-db", { spec: {} }, "postgresql.cnpg.io/v1"),
      "web-db-app",
    ],
    [
      "an external one's",
      object(
        "ExternalSecret",
        "x",
        { spec: { target: { name: "keys" } } },
        "external-secrets.io/v1",
      ),
      "keys",
    ],
    [
      "a certificate's",
      object("Certificate", "x", { spec: { secretName: "web-tls" } }, "cert-manager.io/v1"),
      "web-tls",
    ],
    ["one of the release", object("Secret", "own", { stringData: { a: "1" } }), "own"],
  ])("may be %s Secret", async (_, maker, name) => {
    const { ask } = world();
    await expect(ask(secret(name), undefined, [maker])).resolves.toBeUndefined();
    await expect(ask(secret(name))).rejects.toThrow(
      `web needs the Secret ${name}, which does not exist in the namespace shop`,
    );
  });

  test("has to have the key", async () => {
    const { ask } = world({
      there: [object("Secret", "s", { data: { user: "eA==", password: "eA==" } })],
    });
    await expect(ask(secret("s", "user"))).resolves.toBeUndefined();
    await expect(ask(secret("s", "token"))).rejects.toThrow(
      "web needs the key token of the Secret s, which has password, user: add it first, or mark it optional.",
    );
  });
});
