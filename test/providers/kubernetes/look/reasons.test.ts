import { describe, expect, test } from "vitest";
import type { Json } from "../../../../src/core/operation.ts";
import type { KubeObject } from "../../../../src/expand/object.ts";
import { plain } from "../../../../src/observe/text.ts";
import { parsed } from "../../../../src/providers/kubernetes/look/pods.ts";
import { reasonOf } from "../../../../src/providers/kubernetes/look/reasons.ts";
import { refusedPods } from "../../../../src/providers/kubernetes/look/said.ts";
import type { Workload } from "../../../../src/providers/kubernetes/look/workloads.ts";

const began = Date.parse("2026-11-21T16:19:39Z");
const seconds = (s: number) => new Date(began + s * 1_000).toISOString();

interface Told {
  readonly status: Json;
  readonly spec?: Json;
  readonly container?: Json;
}

let count = 0;
/** A pod as the API server gives it. */
function pod({ status, spec = {}, container = {} }: Told): KubeObject {
  const uid = `pod-${++count}`;
  const main = { name: "web", image: "ghcr.io/acme/web:1.5.0", ...(container as object) };
  const conditions = [{ type: "Ready", status: "False", lastTransitionTime: seconds(0) }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `web-7d9f9c5b-x2x${count}z`, uid, creationTimestamp: seconds(0) },
    spec: { containers: [main], ...(spec as object) },
    status: { phase: "Running", conditions, ...(status as object) },
  };
}
const container = (state: Json, more: object = {}): Json => ({
  containerStatuses: [{ name: "web", ready: false, restartCount: 0, state, ...more }],
});
function event(of: KubeObject, reason: string, message: string, at = 1): KubeObject {
  const { kind, metadata } = of;
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: `e${++count}`, creationTimestamp: seconds(at) },
    involvedObject: { kind, name: metadata.name, uid: String(metadata["uid"]) },
    type: "Warning",
    ...{ reason, message, count: 1, firstTimestamp: seconds(at), lastTimestamp: seconds(at) },
  };
}

function workload(pods: readonly KubeObject[], more: Partial<Workload> = {}): Workload {
  const fresh = parsed().pods(pods);
  return {
    ...{ kind: "Deployment", name: "web", uid: "web", release: 1, observed: true },
    ...{ wanted: pods.length, ready: 0, old: 0, complete: false, paused: undefined },
    ...{ pods: fresh, fresh, makers: new Set(["set"]), refused: undefined },
    object: { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" } },
    ...more,
  };
}

function why(
  of: readonly KubeObject[] | readonly Workload[],
  events: readonly KubeObject[] = [],
  after = 3.2,
) {
  const all = of.map((one) => ("wanted" in one ? (one as Workload) : undefined));
  const workloads = all.every((one) => one !== undefined) ? all : [workload(of as KubeObject[])];
  const asked = { version: "1.5.0", namespace: "prod", now: began + after * 1_000 };
  return reasonOf(workloads, parsed().events(events), asked);
}

const waiting = (reason: string, message = "") => container({ waiting: { reason, message } });
const ended = (exitCode: number, reason: string, from: number, to: number) => ({
  terminated: { exitCode, reason, startedAt: seconds(from), finishedAt: seconds(to) },
});
const backOff = (last: Json, restartCount = 3) =>
  container(
    { waiting: { reason: "CrashLoopBackOff", message: "back-off 10s" } },
    { lastState: last, restartCount },
  );
const probe = { readinessProbe: { httpGet: { path: "/healthz", port: 8080 } } };
const runs = (more: object = {}) =>
  container({ running: { startedAt: seconds(0) } }, { started: true, ...more });

describe("why a release does not come up", () => {
  test("is nothing while its pods start as they should", () => {
    expect(why([pod({ status: waiting("ContainerCreating") })])).toBeUndefined();
    expect(why([pod({ status: waiting("PodInitializing") })])).toBeUndefined();
    expect(why([])).toBeUndefined();
  });

  test.for([
    [
      "not found",
      "failed to pull: ghcr.io/acme/web:1.5.0: not found",
      "The image ghcr.io/acme/web:1.5.0 does not exist. Push it, or deploy a version that is there.",
    ],
    [
      "manifest unknown",
      "manifest unknown",
      "The image ghcr.io/acme/web:1.5.0 does not exist. Push it, or deploy a version that is there.",
    ],
    [
      "401",
      "unexpected status from HEAD request: 401 Unauthorized",
      "The cluster may not pull the image ghcr.io/acme/web:1.5.0. Give prod a pull secret for ghcr.io, or check the image's name.",
    ],
    [
      "no host",
      "dial tcp: lookup ghcr.io: no such host",
      "The registry ghcr.io does not answer, so the image ghcr.io/acme/web:1.5.0 cannot be pulled.",
    ],
    [
      "rate limit",
      "429 Too Many Requests: toomanyrequests",
      "The registry ghcr.io lets the cluster pull no more images for now (its rate limit).",
    ],
  ])("is an image that cannot be had: %s", ([, message, says]) => {
    const reason = why([pod({ status: waiting("ImagePullBackOff", message) })]);
    expect(reason).toMatchObject({ kind: "image", since: began, going: says });
  });

  test("is a container that ends again and again, with its exit code and how long it lived", () => {
    const reason = why([pod({ status: backOff(ended(1, "Error", 1, 7)) })], [], 12);
    expect(reason?.going).toBe("1.5.0 keeps crashing: exit code 1 after 6 s.");
    expect(reason?.final).toBe("1.5.0 did not start: it exited with code 1.");
    expect(reason?.log).toMatchObject({ container: "web", previous: false });
    const zero = why([pod({ status: backOff(ended(0, "Completed", 1, 1)) })], [], 12);
    expect(zero?.going).toBe(
      "1.5.0 keeps crashing: exit code 0 right after it started. A service has to go on running.",
    );
  });

  test("stays a crash while it runs again, until that run outlives the one before", () => {
    const again = pod({
      status: container(
        { running: { startedAt: seconds(10) } },
        { lastState: ended(1, "Error", 1, 3), restartCount: 1, ready: true },
      ),
    });
    expect(why([again], [], 13.9)?.kind).toBe("crash");
    expect(why([again], [], 13.9)?.log).toMatchObject({ previous: true });
    expect(why([again], [], 15)?.kind).not.toBe("crash");
  });

  test("stands since the first crash, though its pod was ready in between", () => {
    const flapping = pod({ status: backOff(ended(1, "Error", 50, 56)) });
    const event1 = event(flapping, "BackOff", "Back-off restarting failed container", 7);
    const ready = { type: "Ready", status: "False", lastTransitionTime: seconds(56) };
    const { status } = flapping as unknown as { status: object };
    const now = { ...flapping, status: { ...status, conditions: [ready] } } as KubeObject;
    expect(why([now], [event1], 60)?.since).toBe(began + 7_000);
  });

  test("is memory that ran out, with the limit", () => {
    const reason = why([
      pod({
        status: backOff(ended(137, "OOMKilled", 1, 2)),
        container: { resources: { limits: { memory: "64Mi" } } },
      }),
    ]);
    expect(reason?.going).toBe(
      "1.5.0 keeps running out of memory (its limit is 64Mi). Raise the limit, or let it use less.",
    );
    expect(reason?.final).toBe("1.5.0 did not start: it ran out of memory (its limit is 64Mi).");
  });

  test("is a check for whose sake it is restarted", () => {
    const killed = pod({
      status: backOff(ended(143, "Error", 1, 6)),
      container: { livenessProbe: { httpGet: { path: "/livez", port: "http" } } },
    });
    const said = event(
      killed,
      "Unhealthy",
      "Liveness probe failed: HTTP probe failed with statuscode: 500",
      6,
    );
    const reason = why([killed], [said], 8);
    expect(reason?.going).toBe("1.5.0 is restarted again and again: /livez answered 500.");
    expect(reason?.final).toBe(
      "1.5.0 did not stay healthy and was restarted: /livez answered 500.",
    );
  });

  test.for([
    ["HTTP probe failed with statuscode: 503", "/healthz answered 503"],
    [
      'Get "http://10.1.2.3:8080/healthz": dial tcp 10.1.2.3:8080: connect: connection refused',
      "nothing listens on port 8080",
    ],
    [
      'Get "http://10.1.2.3:8080/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
      "/healthz did not answer within 1 s",
    ],
    [
      'Get "http://10.1.2.3:8080/healthz": EOF',
      '/healthz could not be reached: Get "http://10.1.2.3:8080/healthz": EOF',
    ],
  ])("is a readiness check that fails: %s", ([message, says]) => {
    const sick = pod({ status: runs(), container: probe });
    const reason = why([sick], [event(sick, "Unhealthy", `Readiness probe failed: ${message}`)]);
    expect(reason).toMatchObject({ soft: true, since: began + 1_000 });
    expect(reason?.final).toBe(`1.5.0 did not become healthy in 3.2 s: ${says}.`);
  });

  test("counts a check only after the delay and the startup time that it is given", () => {
    const late = { ...probe.readinessProbe, initialDelaySeconds: 20 };
    expect(why([pod({ status: runs(), container: { readinessProbe: late } })])?.since).toBe(
      began + 50_000,
    );
    const startupProbe = { ...probe.readinessProbe, periodSeconds: 2, failureThreshold: 30 };
    const starting = pod({
      status: runs({ started: false }),
      container: { ...probe, startupProbe },
    });
    expect(why([starting])?.since).toBe(began + 60_000);
    const started = pod({ status: runs({ started: true }), container: { ...probe, startupProbe } });
    expect(why([started])?.since).toBe(began + 30_000);
    const failed = event(started, "Unhealthy", "Readiness probe failed: no", 2);
    expect(why([started], [failed])?.since).toBe(began + 2_000);
  });

  test.for([
    [
      'secret "web-env" not found',
      "The Secret web-env does not exist in prod. Create it, and the pods go on by themselves.",
    ],
    [
      'configmap "web" not found',
      "The ConfigMap web does not exist in prod. Create it, and the pods go on by themselves.",
    ],
    [
      "couldn't find key zz in ConfigMap prod/web",
      "The ConfigMap web has no key zz. Add it, and the pods go on by themselves.",
    ],
    [
      "couldn't find key uri in Secret prod/web-db",
      "The Secret web-db has no key uri. Add it, and the pods go on by themselves.",
    ],
  ])("is something missing that it refers to: %s", ([message, says]) => {
    expect(why([pod({ status: waiting("CreateContainerConfigError", message) })])?.going).toBe(
      says,
    );
  });

  test("is a volume that cannot be mounted, rather than that it waits for it", () => {
    const stuck = pod({
      status: { phase: "Pending", ...(waiting("ContainerCreating") as object) },
    });
    const both = [
      event(
        stuck,
        "FailedMount",
        'MountVolume.SetUp failed for volume "s" : secret "web-files" not found',
        1,
      ),
      event(
        stuck,
        "FailedMount",
        "Unable to attach or mount volumes: timed out waiting for the condition",
        2,
      ),
    ];
    expect(why([stuck], both)?.final).toBe(
      "1.5.0 did not start: the Secret web-files does not exist in prod.",
    );
    expect(why([stuck], both.slice(1))?.going).toMatch(
      /^Its volume is not ready: Unable to attach/,
    );
  });

  test.for([
    [
      "0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
      "No node takes it: 2 of 2 have too little CPU free (it asks for 9).",
    ],
    [
      "0/5 nodes are available: 1 node(s) had untolerated taint {dedicated: gpu}, 4 Insufficient memory. preemption: none.",
      "No node takes it: 1 of 5 keep it away by their taint dedicated, 4 of 5 have too little memory free.",
    ],
    [
      "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. preemption: no.",
      "No node takes it: 2 of 2 are not of the kind that it asks for.",
    ],
    [
      '0/2 nodes are available: persistentvolumeclaim "web-data" not found. not found',
      "The volume claim web-data does not exist in prod. Create it, and the pods go on by themselves.",
    ],
    [
      "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
      "No volume was found for its claim yet.",
    ],
    ["no nodes available to schedule pods", "The cluster has no node."],
  ])("is that no node takes it: %s", ([message, says]) => {
    const conditions = [
      {
        type: "PodScheduled",
        status: "False",
        reason: "Unschedulable",
        message,
        lastTransitionTime: seconds(2),
      },
    ];
    const reason = why([
      pod({
        status: { phase: "Pending", conditions },
        container: { resources: { requests: { cpu: "9" } } },
      }),
    ]);
    expect(reason).toMatchObject({ going: says, since: began + 2_000 });
  });

  test("is an init container that fails, by its status or by its event", () => {
    const init = { initContainers: [{ name: "setup", image: "a:1" }] };
    const [status] = (backOff(ended(2, "Error", 1, 1)) as { containerStatuses: object[] })
      .containerStatuses;
    const told = pod({
      spec: init,
      status: { initContainerStatuses: [{ ...status, name: "setup" }] } as Json,
    });
    expect(why([told])?.final).toBe(
      "1.5.0 did not start: its init container setup exited with code 2.",
    );
    const silent = pod({ spec: init, status: waiting("PodInitializing") });
    expect(
      why([silent], [event(silent, "BackOff", "Back-off restarting failed container setup")])
        ?.final,
    ).toBe("1.5.0 did not start: its init container setup keeps failing.");
  });

  test("is a readiness gate that nobody opens, or a node that is silent", () => {
    const ready = runs({ ready: true });
    const gate = pod({
      status: ready,
      spec: { readinessGates: [{ conditionType: "acme.com/lb" }] },
    });
    expect(why([gate])?.going).toBe(
      "1.5.0 runs, but its readiness gate acme.com/lb is not open. Whoever watches over that gate has to open it.",
    );
    expect(why([pod({ status: ready, spec: { nodeName: "node-1" } })])?.going).toBe(
      "Its node node-1 does not answer. Kubernetes starts its pods elsewhere after some five minutes.",
    );
  });

  test.for([
    [
      'Error creating: pods "web-x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1',
      "the quota small of prod is used up (pods 1 of 1 in use, 1 more needed)",
    ],
    [
      'pods "web-x" is forbidden: exceeded quota: q, requested: limits.memory=1Gi,requests.cpu=2, used: limits.memory=3Gi,requests.cpu=3, limited: limits.memory=4Gi,requests.cpu=4',
      "the quota q of prod is used up (limits.memory 3Gi of 4Gi in use, 1Gi more needed; requests.cpu 3 of 4 in use, 2 more needed)",
    ],
    [
      'pods "web-x" is forbidden: failed quota: q: must specify limits.cpu for: web',
      "the quota q of prod wants limits.cpu for: web to be set",
    ],
    [
      'pods "web-x-" is forbidden: error looking up service account prod/nobody: serviceaccount "nobody" not found',
      "the service account nobody does not exist in prod",
    ],
    [
      'admission webhook "policy.acme.com" denied the request: no root',
      "policy.acme.com refuses its pods: no root",
    ],
    [
      'Internal error occurred: failed calling webhook "policy.acme.com": failed to call webhook: connection refused',
      "policy.acme.com, which checks new pods in this cluster, does not answer",
    ],
    [
      'pods "web-x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "web")',
      'prod takes only pods that are restricted: allowPrivilegeEscalation != false (container "web")',
    ],
  ])("is that no pod may be made: %s", ([message, says]) => {
    expect(refusedPods(message ?? "", "prod").clause).toBe(says);
  });

  test("is that no pod may be made, by the makers' condition or by their events", () => {
    const says =
      'pods "web-x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1';
    const refused = { says, since: began + 500 };
    expect(why([workload([], { wanted: 2, refused })])).toMatchObject({
      kind: "refused",
      since: began + 500,
    });
    const maker: KubeObject = {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: { name: "web", uid: "set" },
    };
    expect(why([workload([], { wanted: 2 })], [event(maker, "FailedCreate", says)])).toMatchObject({
      kind: "refused",
    });
    expect(why([workload([], { wanted: 0, refused })])).toBeUndefined();
  });

  test("is the most telling one, with how many pods it holds for", () => {
    const crash = () => pod({ status: backOff(ended(1, "Error", 1, 1)) });
    const sick = pod({ status: runs(), container: probe });
    expect(why([sick, crash(), crash()])?.final).toBe(
      "1.5.0 did not start: it exited with code 1 (2 of 3 pods).",
    );
    const missing = pod({ status: waiting("ErrImagePull", "not found") });
    expect(why([crash(), crash(), missing])?.kind).toBe("image");
    const other = workload([crash()], { name: "web-worker" });
    expect(why([workload([]), other])?.final).toBe(
      "1.5.0 did not start: it exited with code 1 (web-worker).",
    );
  });

  test("shows nothing that could steer a terminal or a chat", () => {
    const message = 'secret "x\u001b[31m\u202e<!here>" not found';
    const says =
      why([pod({ status: waiting("CreateContainerConfigError", message) })])?.going ?? "";
    expect(says).toContain("x<!here>");
    expect(says).toBe(plain(says));
  });
});
