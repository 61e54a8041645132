import { describe, expect, test } from "vitest";
import type { KubeObject } from "../../../../src/expand/object.ts";
import { expandWebService } from "../../../../src/expand/webservice.ts";
import { about, inAll } from "../../../../src/providers/kubernetes/plan/about.ts";
import { accessChange } from "../../../../src/providers/kubernetes/plan/access.ts";
import { at, samples } from "../../../expand/worlds.ts";

type Data = Record<string, unknown>;
const object = (kind: string, content: Data, name = "web", apiVersion = "apps/v1"): KubeObject =>
  ({ apiVersion, kind, metadata: { name }, ...content }) as KubeObject;
const pods = (container: Data, pod: Data = {}): KubeObject =>
  object("Deployment", {
    spec: { template: { spec: { ...pod, containers: [{ name: "web", ...container }] } } },
  });
const read = (one: KubeObject, isMain = one.kind === "Deployment") =>
  about(one, one, { service: "web", object: one, isMain }).map(({ field, to }) => [field, to]);
const access = (before: KubeObject | undefined, after: KubeObject) =>
  accessChange(before, after, "").map(({ field, from, to }) => `${field}: ${from} → ${to}`);

describe("what comes", () => {
  test("tells what the pods run, with what and whose secrets, and no value of a setting", () => {
    const fromSecret = (name: string, key: string) => ({
      name,
      valueFrom: { secretKeyRef: { name: "web-db-app", key } },
    });
    const comes = pods(
      {
        image: "ghcr.io/acme/web:1.4.1",
        command: ["node", "main.js"],
        args: ["--token=abcdefgh12345678", "--port", "8080"],
        ports: [{ containerPort: 8080 }, { containerPort: 53, protocol: "UDP" }],
        env: [
          { name: "LEVEL", value: "info" },
          { name: "REGION", value: "hunter2" },
          fromSecret("DB_HOST", "host"),
          fromSecret("DB_PASSWORD", "password"),
          { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
        ],
        envFrom: [{ configMapRef: { name: "shared" } }],
        resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "128Mi" } },
      },
      {
        serviceAccountName: "web",
        volumes: [
          { name: "files", configMap: { name: "web-files" } },
          { name: "keys", secret: { secretName: "web-keys" } },
        ],
        imagePullSecrets: [{ name: "registry" }],
        initContainers: [{ name: "wait", image: "wait:1", command: ["wait"] }],
      },
    );
    expect(read(comes)).toEqual([
      ["image", "ghcr.io/acme/web:1.4.1 (not pinned)"],
      ["command", "node main.js --token=[secret] --port 8080"],
      ["ports", "8080, 53/UDP"],
      ["env", "LEVEL, REGION"],
      ["env of Secret web-db-app", "DB_HOST, DB_PASSWORD"],
      ["env of the pod itself", "IP"],
      ["env of ConfigMap shared", "all that it has"],
      ["resources", "cpu 100m, memory 64Mi, at most memory 128Mi"],
      ["service account", "web"],
      ["volumes", "files: ConfigMap web-files, keys: Secret web-keys"],
      ["image pull secrets", "registry"],
      ["2 more", "new"],
    ]);
  });

  test("of what is not the service's main workload says whose line it is", () => {
    const job = object("Job", { spec: pods({ image: "web:1" })["spec"] }, "web-once", "batch/v1");
    expect(read(job)).toEqual([["Job web-once: image", "web:1 (not pinned)"]]);
    const cron = object(
      "CronJob",
      { spec: { jobTemplate: pods({ image: "web:1" }) } },
      "web",
      "batch/v1",
    );
    expect(read(cron)).toEqual([["CronJob: image", "web:1 (not pinned)"]]);
  });

  test("of a kind that we know nothing of is each setting that it has, and so are rights", () => {
    const queue = object(
      "Queue",
      { spec: { size: 5, owner: { team: "a" } } },
      "jobs",
      "acme.io/v1",
    );
    expect(read(queue)).toEqual([
      ["Queue jobs: owner.team", "a"],
      ["Queue jobs: size", 5],
    ]);
    const rules = [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }];
    const role = object("Role", { rules }, "web", "rbac.authorization.k8s.io/v1");
    expect(read(role).join(" ")).toMatch(/secrets.*get/);
  });

  test("is bounded in length: of one object, of one value and of all", () => {
    const env = Array.from({ length: 500 }, (_, i) => ({ name: `SETTING_${i}`, value: "x" }));
    const [, [, names] = []] = read(pods({ image: "web:1", env }));
    expect(names).toMatch(/^SETTING_0, SETTING_1, .* and 4\d\d more$/);
    expect(String(names).length).toBeLessThanOrEqual(170);
    const long = read(pods({ image: "web:1", command: ["x".repeat(10_000)] }));
    expect(String(long[1]?.[1]).length).toBeLessThanOrEqual(160);
    const spec = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`s${i}`, i]));
    const large = read(object("Queue", { spec }, "jobs", "acme.io/v1"));
    expect(large).toHaveLength(12);
    expect(large.at(-1)).toEqual(["Queue jobs: 89 more", "new"]);
    const lines = Array.from({ length: 100 }, (_, i) => ({ field: `${i}`, from: null, to: "x" }));
    expect(inAll(lines)).toHaveLength(60);
    expect(inAll(lines).at(-1)?.field).toBe("41 more settings of what is new");
  });

  test("is one short list for the short manifest", () => {
    const { objects } = expandWebService(samples["user-api"](), at("user-api", "production"));
    expect(
      inAll(
        objects.flatMap((one) =>
          about(one, one, { service: "user-api", object: one, isMain: one.kind === "Deployment" }),
        ),
      ).map(({ field, to }) => `${field}: ${to}`),
    ).toMatchInlineSnapshot(`
      [
        "database user-api-db: bootstrap: initdb.database app, initdb.owner app",
        "database user-api-db: enablePDB: true",
        "database user-api-db: imageName: ghcr.io/cloudnative-pg/postgresql:18-standard-trixie",
        "database user-api-db: instances: 2",
        "database user-api-db: memory limit: 2Gi",
        "database user-api-db: cpu request: 1",
        "database user-api-db: memory request: 2Gi",
        "database user-api-db: storage: 20Gi",
        "database user-api-db: storage.storageClass: standard",
        "image: user-api:1.4.2 (not pinned)",
        "ports: 8080",
        "env: PORT",
        "env of Secret user-api-db-app: DATABASE_URL, PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD",
        "resources: cpu 100m, memory 256Mi, at most memory 256Mi",
        "service account: user-api",
        "volumes: tmp-folder: empty",
      ]
    `);
  });
});

describe("access to its node", () => {
  test("is told of whatever reaches beyond its container, and of nothing else", () => {
    expect(access(undefined, pods({ image: "web:1" }))).toEqual([]);
    expect(
      access(
        undefined,
        pods(
          {
            securityContext: {
              privileged: true,
              capabilities: { add: ["NET_ADMIN", "NET_BIND_SERVICE"] },
            },
            ports: [{ containerPort: 80, hostPort: 80 }],
          },
          {
            ...{ hostNetwork: true, hostPID: true, hostIPC: true },
            volumes: [{ name: "run", hostPath: { path: "/var/run" } }],
          },
        ),
      ),
    ).toEqual([
      "Warning: access to its node: none → everything (privileged), its network, its processes, its shared memory, its files in /var/run, its port 80, the right NET_ADMIN",
    ]);
    const pod = { containers: [{ name: "a", securityContext: { privileged: true } }] };
    expect(access(undefined, object("Pod", { spec: pod }, "a", "v1"))).toHaveLength(1);
  });

  test("is told where what runs gets more of it or less, and not where it stays", () => {
    const bound = pods({ image: "web:1" });
    const free = pods({ image: "web:1", securityContext: { privileged: true } });
    expect(access(bound, free)).toEqual([
      "Warning: access to its node: none → everything (privileged)",
    ]);
    expect(access(free, bound)).toEqual([
      "Warning: access to its node: everything (privileged) → none",
    ]);
    expect(access(free, pods({ image: "web:2", securityContext: { privileged: true } }))).toEqual(
      [],
    );
  });
});
