import { describe, expect, test } from "vitest";
import type { KubeObject } from "../../../../src/expand/object.ts";
import { marks } from "../../../../src/expand/object.ts";
import { amountOf, differences } from "../../../../src/providers/kubernetes/plan/diff.ts";
import { told } from "../../../../src/providers/kubernetes/plan/words.ts";

type Data = Record<string, unknown>;
const object = (kind: string, content: Data, name = "web", apiVersion = "v1"): KubeObject =>
  ({ apiVersion, kind, metadata: { name }, ...content }) as KubeObject;
const pods = (container: Data, pod: Data = {}): KubeObject =>
  object("Deployment", {
    spec: { template: { spec: { ...pod, containers: [{ name: "web", ...container }] } } },
  });

/** As people read it; everything in `after` was asked for unless told otherwise. */
function read(before: KubeObject, after: KubeObject, wanted = after) {
  const whose = { service: "web", object: after, isMain: after.kind === "Deployment" };
  return differences(before, after, wanted).map((difference) => {
    const { field, from, to } = told(difference, whose);
    return [field, from, to];
  });
}

describe("a difference", () => {
  test("leaves out what the API server keeps and what only bookkeeping says", () => {
    const meta = (n: number, more: Data = {}) =>
      object("ConfigMap", {
        metadata: {
          ...{
            name: "web",
            uid: `${n}`,
            resourceVersion: `${n}`,
            generation: n,
            managedFields: [n],
          },
          creationTimestamp: `${n}`,
          labels: { [marks.version]: `${n}`, "helm.sh/chart": `web-${n}` },
          annotations: {
            [marks.release]: `${n}`,
            "kubectl.kubernetes.io/last-applied-configuration": `${n}`,
            "deployment.kubernetes.io/revision": `${n}`,
          },
        },
        status: { n },
        ...more,
      });
    expect(read(meta(1), meta(2))).toEqual([]);
    expect(read(meta(1), meta(2, { data: { a: "1" } }))).toEqual([["ConfigMap: a", null, "1"]]);
  });

  test("leaves out defaults that only appear, and shows what was asked for", () => {
    const before = pods({ image: "a:1" });
    const after = pods({ image: "a:1", imagePullPolicy: "Always", tty: true });
    expect(read(before, after, pods({ image: "a:1", tty: true }))).toEqual([["tty", null, true]]);
  });

  test("compares what has a name by its name, not by its place", () => {
    const env = (...pairs: [string, string][]) =>
      pods({ env: pairs.map(([name, value]) => ({ name, value })) });
    expect(read(env(["A", "1"], ["B", "2"]), env(["B", "2"], ["A", "1"]))).toEqual([]);
    expect(read(env(["A", "1"], ["B", "2"]), env(["B", "3"], ["C", "4"]))).toEqual([
      ["env A", "1", null],
      ["env B", "2", "3"],
      ["env C", null, "4"],
    ]);
  });

  test("compares what has no name as what came and what went", () => {
    const policy = (...from: Data[]) => object("NetworkPolicy", { spec: { ingress: [{ from }] } });
    const app = (name: string) => ({ podSelector: { matchLabels: { app: name } } });
    expect(read(policy(app("a"), app("b")), policy(app("b"), app("a"), app("c")))).toEqual([
      ["NetworkPolicy: ingress from", null, "matchLabels.app c"],
    ]);
  });

  test("takes amounts by their value", () => {
    const sized = (cpu: unknown, memory: string) =>
      pods({ resources: { requests: { cpu, memory } } });
    expect(read(sized("500m", "1Gi"), sized(0.5, "1024Mi"))).toEqual([]);
    expect(read(sized("1", "1Gi"), sized("1500m", "1Gi"))).toEqual([["cpu request", "1", "1500m"]]);
    expect([amountOf("1e3"), amountOf("2k"), amountOf("250m"), amountOf("big")]).toEqual([
      1000,
      2000,
      0.25,
      undefined,
    ]);
  });

  test("of what comes or goes as a whole is one line", () => {
    const probe = { httpGet: { path: "/healthz", port: 8080, scheme: "HTTP" }, periodSeconds: 10 };
    expect(read(pods({ readinessProbe: probe }), pods({}))).toEqual([
      ["readiness probe", "/healthz on 8080", null],
    ]);
    const [web, proxy] = [
      { name: "web", image: "a" },
      { name: "proxy", image: "b", ports: [] },
    ];
    const both = (...containers: Data[]) =>
      object("Deployment", { spec: { template: { spec: { containers } } } });
    expect(read(both(web), both(web, proxy))).toMatchObject([
      ["container proxy", null, expect.stringContaining("image b")],
    ]);
  });

  test("says nothing of a restart's mark that the next release drops, and that pods are made anew where it comes", () => {
    const marked = (at?: string) =>
      object("Deployment", {
        spec: { template: { metadata: { annotations: at ? { [marks.restarted]: at } : {} } } },
      });
    expect(read(marked("1"), marked())).toEqual([]);
    expect(read(marked("1"), marked("2"))).toEqual([["pods", "as they are", "made anew"]]);
  });
});

describe("words", () => {
  test.each([
    ["acme/web:1.4.1", "acme/web:1.4.2", "1.4.1", "1.4.2 (not pinned)"],
    ["acme/web:1.4.1@sha256:aaaaaaaaaa", "acme/web:1.4.2@sha256:bbbbbbbbbb", "1.4.1", "1.4.2"],
    [
      "acme/web:1@sha256:aaaaaaaaaa",
      "acme/web:1@sha256:bbbbbbbbbb",
      "1 (aaaaaaaa)",
      "1 (bbbbbbbb)",
    ],
    ["acme/web:1", "other:5000/web:1@sha256:bbbbbbbbbb", "acme/web:1", "other:5000/web:1"],
  ])("an image from %s to %s", (from, to, a, b) => {
    expect(read(pods({ image: from }), pods({ image: to }))).toEqual([["image", a, b]]);
  });

  test("name fields as people do", () => {
    const scaler = (most: number, cpu: number) =>
      object("HorizontalPodAutoscaler", {
        spec: {
          maxReplicas: most,
          metrics: [
            {
              type: "Resource",
              resource: { name: "cpu", target: { type: "Utilization", averageUtilization: cpu } },
            },
          ],
        },
      });
    expect(read(scaler(5, 70), scaler(10, 80))).toEqual([
      ["HorizontalPodAutoscaler: at most", 5, 10],
      ["HorizontalPodAutoscaler: cpu target", "70%", "80%"],
    ]);
    const grace = (n: number) => pods({}, { terminationGracePeriodSeconds: n });
    expect(read(grace(30), grace(60))).toEqual([["time to stop", "30 s", "60 s"]]);
    const port = (n: number) =>
      object("Service", {
        spec: { ports: [{ name: "http", port: 80, targetPort: n, protocol: "TCP" }] },
      });
    expect(read(port(8080), port(9090))).toEqual([
      ["Service: port http", "80 to 8080", "80 to 9090"],
    ]);
    const database = (size: string) =>
      object(
        "Cluster",
        { spec: { storage: { size }, bootstrap: { initdb: { owner: size } } } },
        "web-db",
        "postgresql.cnpg.io/v1",
      );
    expect(read(database("1Gi"), database("2Gi"))).toEqual([
      ["database web-db: bootstrap.initdb.owner", "1Gi", "2Gi"],
      ["database web-db: storage", "1Gi", "2Gi"],
    ]);
    const from = (ref: Data) => pods({ env: [{ name: "A", ...ref }] });
    expect(
      read(from({ value: "x" }), from({ valueFrom: { secretKeyRef: { name: "s", key: "k" } } })),
    ).toEqual([["env A", "x", "k of Secret s"]]);
  });

  test("hide what a Secret or a setting of a secret's name holds", () => {
    const secret = (data: Data) => object("Secret", { data });
    const read1 = read(secret({ a: "aHVudGVy", b: "x" }), secret({ a: "b3RoZXI=", c: "y" }));
    expect(read1).toEqual([
      ["Secret: a", "set", "changed"],
      ["Secret: b", "set", null],
      ["Secret: c", null, "set"],
    ]);
    const env = (name: string, value: string) => pods({ env: [{ name, value }] });
    expect(read(env("DB_PASSWORD", "hunter2"), env("DB_PASSWORD", "hunter3"))).toEqual([
      ["env DB_PASSWORD", "set", "changed"],
    ]);
    const url = (password: string) => env("URL", `postgres://web:${password}@db/web`);
    expect(JSON.stringify(read(url("hunter2"), url("hunter3")))).not.toContain("hunter");
    expect(read(url("hunter2"), url("hunter3"))[0]?.[2]).toBe("changed");
  });

  test("keep values short, plain and different", () => {
    const map = (a: string) => object("ConfigMap", { data: { a } });
    const long = "x".repeat(200);
    const [[, from, to] = []] = read(map(`${long}one`), map(`${long}two`));
    expect([from, to]).toEqual([
      expect.stringMatching(/^…x+one$/),
      expect.stringMatching(/^…x+two$/),
    ]);
    expect(read(map("a"), map("b\u001b[31m\u202ec"))).toEqual([["ConfigMap: a", "a", "bc"]]);
    expect(read(map("1\n2\n3"), map("1\n4\n3"))).toEqual([["ConfigMap: a", "2", "4"]]);
    expect(read(map("1\n2\n3"), map("4\n5\n3\n6"))).toEqual([
      ["ConfigMap: a", "3 lines", "4 lines, 3 changed"],
    ]);
    expect(read(map("1\n2"), object("ConfigMap", {}))).toEqual([["ConfigMap: a", "2 lines", null]]);
  });
});
