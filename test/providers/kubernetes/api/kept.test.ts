/** What is kept in memory of a kind: little, and listed again only where the API server has forgotten the place. */
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, type TestContext, test } from "vitest";
import type { KubeObject } from "../../../../src/expand/object.ts";
import type { Change } from "../../../../src/providers/kubernetes/api/changes.ts";
import { type Keeping, kept } from "../../../../src/providers/kubernetes/api/kept.ts";
import { ApiError } from "../../../../src/providers/kubernetes/types.ts";

const never = new AbortController().signal;

/** A pod as an API server tells it, with what a chart usually says about one. */
function pod(n: number, resourceVersion = "1"): KubeObject {
  const name = `web-7b5d55895-${n}`;
  const at = new Date(1_790_000_000_000 + n * 1000).toISOString();
  const condition = (type: string) => ({
    ...{ type, status: "True", lastTransitionTime: at, lastProbeTime: null, observedGeneration: 1 },
  });
  const env = Array.from({ length: 20 }, (_, i) => ({ name: `SETTING_${i}`, value: `${n}-${i}` }));
  const field = (key: string) => ({ [`k:{"type":"${key}"}`]: { ".": {}, "f:status": {} } });
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "shop",
      uid: `1b4e28ba-2fa1-11d2-883f-${n}`,
      resourceVersion,
      generation: 1,
      creationTimestamp: at,
      labels: { "app.kubernetes.io/name": "web", "pod-template-hash": "7b5d55895" },
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify(env) },
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          name: "web-7b5d55895",
          uid: "x",
          controller: true,
        },
      ],
      managedFields: ["Ready", "Initialized", "PodScheduled", "ContainersReady"].map((key) => ({
        ...{ manager: "kubelet", operation: "Update", apiVersion: "v1", time: at },
        fieldsV1: { "f:status": { "f:conditions": field(key) } },
      })),
    },
    spec: {
      nodeName: `node-${n % 9}`,
      containers: [
        {
          ...{ name: "web", image: "ghcr.io/acme/web:1.4.2", imagePullPolicy: "IfNotPresent", env },
          ports: [{ containerPort: 8080, protocol: "TCP" }],
          readinessProbe: { httpGet: { path: "/healthz", port: 8080 }, periodSeconds: 5 },
          resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "128Mi" } },
        },
      ],
      volumes: [{ name: "token", projected: { sources: [{ serviceAccountToken: {} }] } }],
      tolerations: [
        { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute" },
      ],
    },
    status: {
      ...{ phase: "Running", hostIP: "10.0.0.1", podIP: `10.1.0.${n % 250}`, startTime: at },
      conditions: ["Ready", "Initialized", "PodScheduled", "ContainersReady"].map(condition),
      containerStatuses: [
        {
          ...{ name: "web", ready: true, started: true, restartCount: 0 },
          ...{ image: "ghcr.io/acme/web:1.4.2", containerID: `containerd://${n}` },
          state: { running: { startedAt: at } },
          lastState: {},
        },
      ],
    },
  };
}

interface World {
  lists: number;
  readonly watched: string[];
  /** What the next watches tell; one that is not here says nothing until it is ended. */
  readonly tells: ((signal: AbortSignal) => AsyncIterable<Change>)[];
  pods: KubeObject[];
}

function keep(context: TestContext, world: World, more: Partial<Keeping> = {}) {
  const one = kept({
    from: {
      name: "prod",
      async *pages() {
        world.lists += 1;
        yield { items: world.pods, resourceVersion: `list ${world.lists}` };
      },
      async watch(_kind, { resourceVersion }, signal) {
        world.watched.push(resourceVersion);
        return world.tells.shift()?.(signal) ?? silence(signal);
      },
    },
    kind: { apiVersion: "v1", kind: "Pod" },
    namespace: "shop",
    lives: 60_000,
    grace: 5_000,
    now: Date.now,
    chance: () => 0,
    log: () => {},
    ...more,
  });
  context.onTestFinished(() => one.close());
  return one;
}

const world = (pods: KubeObject[] = [], tells: World["tells"] = []): World => ({
  ...{ lists: 0, watched: [], tells, pods },
});

async function* silence(signal: AbortSignal): AsyncGenerator<Change> {
  await sleep(60_000, undefined, { signal }).catch(() => undefined);
  throw signal.reason;
}

test("a watch that ends goes on where it stopped, a bookmark being the latest place", async (context) => {
  const all = world(
    [pod(1)],
    [
      async function* () {
        yield { type: "ADDED", object: pod(2, "7"), resourceVersion: "7" };
        yield { type: "DELETED", object: pod(1, "8"), resourceVersion: "8" };
        yield { type: "BOOKMARK", resourceVersion: "9" };
      },
    ],
  );
  const one = keep(context, all);
  expect(await one.read(never)).toHaveLength(1);
  await expect.poll(() => all.watched).toEqual(["list 1", "9"]);
  expect((await one.read(never)).map(({ metadata }) => metadata.name)).toEqual([
    pod(2).metadata.name,
  ]);
  expect(all.lists).toBe(1);
});

test("a place that the API server has forgotten is listed again, and what did not change stays the same", async (context) => {
  const gone = new ApiError("too old resource version", { code: 410, reason: "Expired" });
  const all = world(
    [pod(1), pod(2)],
    [
      // biome-ignore lint/correctness/useYield: it ends before it tells anything
      async function* () {
        throw gone;
      },
    ],
  );
  const one = keep(context, all);
  const [before] = await one.read(never);
  all.pods = [pod(1), pod(3)];
  await expect.poll(() => all.watched).toEqual(["list 1", "list 2"]);
  const after = await one.read(never);
  expect(after.map(({ metadata }) => metadata.name)).toEqual(
    [pod(1), pod(3)].map((each) => each.metadata.name),
  );
  expect(after[0]).toBe(before);
  expect(one.stale()).toBeUndefined();
});

test("a watch that is ended at once again and again is no storm", async (context) => {
  const all = world(
    [],
    Array.from({ length: 1_000 }, () => async function* () {}),
  );
  keep(context, all);
  await sleep(1_000);
  expect(all.watched.length).toBeLessThan(6);
});

test("a watch that outlives its time has gone silent, which is told and logged until it is heard", async (context) => {
  const says: string[] = [];
  const all = world();
  let goOn = () => {};
  const hold = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const one = keep(context, all, {
    ...{ lives: 100, grace: 100, log: (line: string) => says.push(line) },
    from: {
      name: "prod",
      pages: async function* () {
        yield { items: [], resourceVersion: "1" };
      },
      async watch(_kind, { resourceVersion }, signal) {
        if (all.watched.push(resourceVersion) > 1) await hold;
        return silence(signal);
      },
    },
  });
  await one.read(never);
  await expect.poll(() => one.stale()?.why).toBe("the cluster prod has gone silent");
  expect(await one.read(never)).toEqual([]);
  goOn();
  await expect.poll(() => one.stale()).toBeUndefined();
  expect(says.slice(0, 2)).toEqual([
    "watching Pods in shop on prod: the cluster prod has gone silent",
    "prod tells about Pods in shop again",
  ]);
});

test("a pod takes about 2 kB of memory, half of its JSON", async (context) => {
  const count = 2_000;
  const json = Array.from({ length: count }, (_, n) => JSON.stringify(pod(n)));
  const all = world();
  const empty = heap();
  // As they come from the network: no two share a text.
  all.pods = json.map((text) => JSON.parse(text));
  const one = keep(context, all);
  expect(await one.read(never)).toHaveLength(count);
  all.pods = [];
  const each = (heap() - empty) / count;
  expect(each).toBeGreaterThan(500);
  expect(each).toBeLessThan(4_000);
});

function heap(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}
