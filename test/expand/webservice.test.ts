import { describe, expect, test } from "vitest";
import type { KubeObject } from "../../src/expand/object.ts";
import { expandWebService, type WebService } from "../../src/expand/webservice.ts";
import { Expansion } from "../../src/platform/expansion.ts";
import type { WebSpecInput } from "../../src/platform/web-spec.ts";
import { imagesOf } from "../../src/providers/kubernetes/sources/images.ts";
import { at, samples } from "./worlds.ts";

const manifest = (spec: Partial<WebSpecInput>): WebService => ({
  apiVersion: "platform.company.io/v1",
  kind: "WebService",
  metadata: { name: "web" },
  spec: { image: "ghcr.io/acme/web", ...spec },
});
const here = {
  service: "web",
  environment: "staging",
  namespace: "team-a",
  version: "2.0.0",
};
const expanded = (spec: Partial<WebSpecInput>, more: object = {}) =>
  expandWebService(manifest(spec), { ...here, ...more });
const one = (spec: Partial<WebSpecInput>, kind: string, name = "web", more: object = {}) =>
  expanded(spec, more).objects.find(
    (object) => object.kind === kind && object.metadata.name === name,
  );
/** What stands at a dotted path. */
function field(object: KubeObject | undefined, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (value, key) =>
        typeof value === "object" && value !== null
          ? Object.entries(value).find(([own]) => own === key)?.[1]
          : undefined,
      object,
    );
}
const container = "spec.template.spec.containers.0";

describe("versions", () => {
  test("an environment may have an image of its own, whose tag is the version there", () => {
    const environments = { staging: { image: "registry.test/acme/web-next:1" } };
    const { image } = expanded({ environments });
    expect(image).toBe("registry.test/acme/web-next");
    const pods = one({ environments }, "Deployment");
    expect(field(pods, `${container}.image`)).toBe("registry.test/acme/web-next:2.0.0");
    expect(expanded({ environments }, { environment: "production" }).image).toBe(
      "ghcr.io/acme/web",
    );
  });

  test("a version becomes the tag of the service's own image, and of no other", () => {
    const { objects, migration } = expandWebService(samples.shop(), at("shop", "production"));
    expect(imagesOf([...objects, ...(migration ? [migration] : [])]).toSorted()).toEqual(
      [
        "envoyproxy/envoy:v1.31.0",
        "ghcr.io/acme/search:3.1",
        `prom/exporter@sha256:${"0123456789abcdef".repeat(4)}`,
        "registry.example.com:5000/acme/shop:1.4.2",
        "busybox:1.36",
      ].toSorted(),
    );
  });

  test("another version changes only what runs it", () => {
    const before = expanded({ database: {}, ingress: { host: "a.example.com" } }).objects;
    const after = expanded(
      { database: {}, ingress: { host: "a.example.com" } },
      { version: "3" },
    ).objects;
    const changed = after.filter(
      (object, i) => JSON.stringify(object) !== JSON.stringify(before[i]),
    );
    expect(changed.map(({ kind }) => kind)).toEqual(["Deployment"]);
  });
});

describe("replicas", () => {
  test("an autoscaler has them as its least, and the Deployment says none", () => {
    expect(field(one({ replicas: 3 }, "HorizontalPodAutoscaler"), "spec.minReplicas")).toBe(3);
    expect(field(one({ replicas: 3 }, "Deployment"), "spec.replicas")).toBeUndefined();
  });

  test.each([
    ["it is switched off", { replicas: 3, autoscale: { enabled: false } }, 3],
    ["there is no room above", { replicas: 3, autoscale: { max: 3 } }, 3],
    ["there shall be none", { replicas: 0 }, 0],
  ])("without an autoscaler the Deployment says them: %s", (_, spec, replicas) => {
    expect(one(spec, "HorizontalPodAutoscaler")).toBeUndefined();
    expect(field(one(spec, "Deployment"), "spec.replicas")).toBe(replicas);
  });

  test("a budget never blocks a drain", () => {
    expect(one({ replicas: 1 }, "PodDisruptionBudget")).toBeUndefined();
    const budget = one({ replicas: 2 }, "PodDisruptionBudget");
    expect(field(budget, "spec.maxUnavailable")).toBe(1);
    expect(field(budget, "spec.unhealthyPodEvictionPolicy")).toBe("AlwaysAllow");
    const cluster = one({ database: {} }, "Cluster", "web-db");
    expect([field(cluster, "spec.instances"), field(cluster, "spec.enablePDB")]).toEqual([
      1,
      false,
    ]);
  });
});

describe("layers", () => {
  const settings = Expansion.parse({
    defaults: { replicas: 4, env: { A: "default", B: "default", C: "default" }, port: 9000 },
  });
  const env = (spec: Partial<WebSpecInput>) =>
    field(one(spec, "Deployment", "web", { settings }), `${container}.env`);

  test("an environment's word in the manifest is the strongest, platform.yaml's the weakest", () => {
    const spec = {
      env: { B: "manifest", C: "manifest" },
      environments: { staging: { env: { C: "here" } }, production: { env: { C: "there" } } },
    };
    expect(env(spec)).toEqual([
      { name: "PORT", value: "9000" },
      { name: "A", value: "default" },
      { name: "B", value: "manifest" },
      { name: "C", value: "here" },
    ]);
  });

  test("where a variable comes from is replaced as a whole", () => {
    const spec = {
      env: { A: { secret: "a", key: "b" }, B: { secret: "a", key: "b" } },
      environments: { staging: { env: { A: { field: "status.podIP" }, B: "plain" } } },
    };
    expect(env(spec)).toEqual([
      { name: "PORT", value: "9000" },
      { name: "A", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
      { name: "B", value: "plain" },
      { name: "C", value: "default" },
    ]);
  });

  test("a list is replaced, never added to", () => {
    const spec = { args: ["a", "b"], environments: { staging: { args: ["c"] } } };
    expect(field(one(spec, "Deployment"), `${container}.args`)).toEqual(["c"]);
  });

  test("what the manifest says of the variables that it is told by itself holds", () => {
    const spec = { database: {}, env: { PORT: "1", DATABASE_URL: "postgres://elsewhere" } };
    const said = field(one(spec, "Deployment"), `${container}.env`);
    expect(said).toContainEqual({ name: "PORT", value: "1" });
    expect(said).toContainEqual({ name: "DATABASE_URL", value: "postgres://elsewhere" });
  });

  test("an environment's own host goes before the one that the manifest has for all", () => {
    const settings = Expansion.parse({ route: { host: "{service}.staging.example.com" } });
    const host = (environments: WebSpecInput["environments"]) =>
      field(
        one({ ingress: { host: "example.com" }, environments }, "Ingress", "web", { settings }),
        "spec.rules.0.host",
      );
    expect(host({})).toBe("web.staging.example.com");
    expect(host({ staging: { ingress: { host: "s.example.com" } } })).toBe("s.example.com");
  });
});

describe("refusals", () => {
  test.each<[string, Partial<WebSpecInput>, object, string]>([
    [
      "a size that nobody knows",
      { database: { size: "huge" } },
      {},
      "web asks for a database of the size huge: staging knows small, medium and large.",
    ],
    [
      "no host",
      { ingress: {} },
      {},
      "web asks for an ingress and names no host for staging: set ingress.host in its manifest.",
    ],
    [
      "no Gateway",
      { ingress: { host: "example.com" } },
      { settings: Expansion.parse({ route: { kind: "gateway" } }) },
      "staging has routes of the kind gateway and names no Gateway: set environments.staging.web.route.gateway in platform.yaml.",
    ],
    [
      "more pods than a volume can bear in one environment",
      {
        replicas: 1,
        autoscale: { enabled: false },
        volumes: { data: { mount: "/data", persistent: true, size: "1Gi" } },
        environments: { staging: { replicas: 2 } },
      },
      {},
      "web in staging: spec.volumes.data can be used by one pod at a time, and there are up to 2: say replicas: 1 and autoscale: { enabled: false }, or shared: true.",
    ],
  ])("%s", (_, spec, more, says) => {
    expect(() => expanded(spec, more)).toThrow(says);
  });
});

describe("rights", () => {
  test("every container is bound as the standard restricted asks", () => {
    const { objects, migration } = expandWebService(samples.shop(), at("shop", "production"));
    const pods = [...objects, ...(migration ? [migration] : [])].flatMap((object) =>
      ["spec.template.spec", "spec.jobTemplate.spec.template.spec"].flatMap(
        (path) => field(object, path) ?? [],
      ),
    );
    expect(pods).toHaveLength(6);
    for (const pod of pods) {
      expect(pod).toMatchObject({
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      });
      const { containers, initContainers = [] } = pod as Record<string, readonly object[]>;
      for (const container of [...(containers ?? []), ...initContainers])
        expect(container).toMatchObject({
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        });
    }
  });

  test("no secret is written into an object: only its name", () => {
    const text = JSON.stringify(one({ database: {} }, "Deployment"));
    expect(text).toContain('{"name":"web-db-app","key":"password"}');
  });
});

describe("names", () => {
  test("long ones are cut to what the cluster takes, and stay different", () => {
    const service = "a".repeat(63);
    const { objects, migration } = expandWebService(
      manifest({
        database: {},
        migrate: {},
        cron: { one: { schedule: "@daily" }, two: { schedule: "@daily" } },
        workers: { ["w".repeat(63)]: {} },
      }),
      { ...here, service, version: `1.${"0".repeat(100)}` },
    );
    const all = [...objects, ...(migration ? [migration] : [])];
    const most = { CronJob: 52, Cluster: 50 } as Readonly<Record<string, number>>;
    for (const { kind, metadata } of all)
      expect(metadata.name.length).toBeLessThanOrEqual(most[kind] ?? 63);
    const values = all.flatMap(({ metadata }) => Object.values(metadata.labels ?? {}));
    for (const value of values)
      expect(value).toMatch(/^[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$/);
    expect(new Set(all.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).size).toBe(
      all.length,
    );
  });

  test.each([
    ["1.4.2", /^web-migrate-1-4-2$/],
    ["1.4.2-rc.1", /^web-migrate-1-4-2-rc-1$/],
    ["1.4.2_A", /^web-migrate-1-4-2-a-[0-9a-f]{8}$/],
    ["_", /^web-migrate-[0-9a-f]{8}$/],
  ])("the migration to %s has a name that the cluster takes", (version, name) => {
    const { metadata } = expanded({ migrate: {} }, { version }).migration ?? {};
    expect(metadata?.name).toMatch(name);
    expect(metadata?.labels?.["app.kubernetes.io/version"]).toMatch(
      /^([A-Za-z0-9].*[A-Za-z0-9])?$/,
    );
  });

  test("a migration is called by its version", () => {
    expect(expanded({ migrate: {} }).migration?.metadata.name).toBe("web-migrate-2-0-0");
    expect(expanded({ migrate: { enabled: false } }).migration).toBeUndefined();
  });
});

test("probes can be switched off, one or all; a worker has only those that run a command", () => {
  const kinds = (spec: Partial<WebSpecInput>, name = "web") =>
    ["startup", "readiness", "liveness"].filter(
      (kind) => field(one(spec, "Deployment", name), `${container}.${kind}Probe`) !== undefined,
    );
  expect(kinds({})).toEqual(["startup", "readiness", "liveness"]);
  expect(kinds({ probes: { startup: { enabled: false } } })).toEqual(["readiness", "liveness"]);
  expect(kinds({ probes: { enabled: false } })).toEqual([]);
  expect(kinds({ workers: { mail: {} } }, "web-mail")).toEqual([]);
  const mail = { probes: { liveness: { command: ["true"] } } };
  expect(kinds({ workers: { mail } }, "web-mail")).toEqual(["liveness"]);
});

test("files that change make the pods anew", () => {
  const hash = (text: string) =>
    field(one({ files: { "/etc/a": text } }, "Deployment"), "spec.template.metadata.annotations");
  expect(hash("a")).not.toEqual(hash("b"));
});

test("a volume for one pod at a time is never given to an old and a new one at once", () => {
  const spec: Partial<WebSpecInput> = {
    replicas: 1,
    autoscale: { enabled: false },
    volumes: { data: { mount: "/data", persistent: true, size: "1Gi" } },
  };
  expect(field(one(spec, "Deployment"), "spec.strategy")).toEqual({ type: "Recreate" });
});
