/** What is watched stays true and asks for little, on a real control plane and while that is broken. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, type TestContext, test } from "vitest";
import { type Connection, connect } from "../../../../src/providers/kubernetes/api/connection.ts";
import {
  type Watches,
  type WatchesOptions,
  watches,
} from "../../../../src/providers/kubernetes/api/watch.ts";
import { ApiError, type Watched } from "../../../../src/providers/kubernetes/types.ts";
import { cluster, type Kube, ownCluster, soon, type User } from "../../../kube.ts";

const never = new AbortController().signal;

function speak(context: TestContext, kube: Kube, user: User = "admin", limit = 60_000): Connection {
  const api = connect({ name: "prod", ...kube.as(user), limit });
  context.onTestFinished(() => api.close());
  return api;
}

function watching(
  context: TestContext,
  api: Connection,
  more: Omit<WatchesOptions, "cluster"> = {},
): Watches {
  const all = watches({ cluster: api, ...more });
  context.onTestFinished(() => all.close());
  return all;
}

const deploy = (kube: Kube, namespace: string, tag = "1.0.0") =>
  kube.kubectl("create", "deployment", "web", `--image=ghcr.io/acme/web:${tag}`, "-n", namespace);
const scale = (kube: Kube, namespace: string, to: number) =>
  kube.kubectl("scale", "deployment/web", `--replicas=${to}`, "-n", namespace);
const pods = async (watched: Watched) => (await watched.read("Pod", never)).length;

test.concurrent("what happens in a namespace is known from memory soon after", async (context) => {
  const { expect } = context;
  const kube = await cluster(context);
  const [here, there] = [await kube.namespace(), await kube.namespace()];
  const watched = watching(context, speak(context, kube)).of(here);
  expect(await watched.read("Pod", never)).toEqual([]);
  await deploy(kube, here);
  await deploy(kube, there);
  await scale(kube, here, 3);
  await expect.poll(() => pods(watched), soon).toBe(3);
  await scale(kube, here, 1);
  await expect.poll(() => pods(watched), soon).toBe(1);
  const [deployment] = await watched.read("Deployment", never);
  expect(deployment).toMatchObject({ kind: "Deployment", apiVersion: "apps/v1" });
  expect(deployment?.metadata["managedFields"]).toBeUndefined();
  expect((await watched.read("Event", never)).length).toBeGreaterThan(0);
  expect(await watched.read("HorizontalPodAutoscaler", never)).toEqual([]);
  expect(watched.stale()).toBeUndefined();
});

test.concurrent("an object is the same one until it changes", async (context) => {
  const { expect } = context;
  const kube = await cluster(context);
  const namespace = await kube.namespace();
  await deploy(kube, namespace);
  await kube.kubectl("rollout", "status", "deployment/web", "-n", namespace);
  const watched = watching(context, speak(context, kube)).of(namespace);
  const [before] = await watched.read("Deployment", never);
  const [same] = await watched.read("Deployment", never);
  expect(same).toBe(before);
  await kube.kubectl("label", "deployment/web", "of=me", "-n", namespace);
  const label = async () => (await watched.read("Deployment", never))[0]?.metadata.labels?.["of"];
  await expect.poll(label, soon).toBe("me");
});

test.concurrent("reading asks the API server for nothing, however long it goes on", async (context) => {
  const { expect } = context;
  const kube = await ownCluster(context, { nodes: 1 });
  const namespace = await kube.namespace();
  await deploy(kube, namespace);
  const watched = watching(context, speak(context, kube), { lives: 1_000 }).of(namespace);
  const looks = async (seconds: number) => {
    const until = Date.now() + seconds * 1000;
    while (Date.now() < until) {
      for (const kind of ["Pod", "Deployment", "ReplicaSet", "Event"] as const)
        await watched.read(kind, never);
      await sleep(50);
    }
  };
  const inOneSecond = async () => {
    const since = await requests(kube);
    await looks(1);
    return (await requests(kube)) - since;
  };
  // Its controllers read everything when they start.
  await expect.poll(inOneSecond, soon).toBe(0);
  const before = await requests(kube);
  await looks(2);
  const short = (await requests(kube)) - before;
  await looks(6);
  const long = (await requests(kube)) - before - short;
  // It may have some of its own. A list for each renewed watch would be 24 in 6 s.
  expect(short).toBeLessThanOrEqual(2);
  expect(long).toBeLessThanOrEqual(2);
});

/** How often pods, deployments, replica sets and events were read or listed, by anybody. */
async function requests(kube: Kube): Promise<number> {
  const of =
    /^apiserver_request_total\{.*resource="(pods|deployments|replicasets|events)".*verb="(GET|LIST)"/;
  return (await kube.metrics())
    .split("\n")
    .filter((line) => of.test(line))
    .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

test.concurrent("what nobody reads is no longer watched, and watched again when somebody does", async (context) => {
  const { expect } = context;
  const kube = await cluster(context);
  const namespace = await kube.namespace();
  const api = speak(context, kube);
  let watchedNow = 0;
  const counting: Connection = {
    ...api,
    watch: async (...how) => {
      const told = await api.watch(...how);
      watchedNow += 1;
      how[2].addEventListener("abort", () => {
        watchedNow -= 1;
      });
      return told;
    },
  };
  const watched = watching(context, counting, { idle: 1_000 }).of(namespace);
  await watched.read("Pod", never);
  await expect.poll(() => watchedNow, soon).toBe(1);
  await expect.poll(() => watchedNow, soon).toBe(0);
  await deploy(kube, namespace);
  await expect.poll(() => pods(watched), soon).toBe(1);
});

test.concurrent("a first list that is refused is told to each reader, until it is allowed", async (context) => {
  const { expect } = context;
  const kube = await cluster(context);
  const namespace = await kube.namespace();
  const watched = watching(context, speak(context, kube, "mallory")).of(namespace);
  const error: unknown = await watched.read("Pod", never).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ code: 403, reason: "Forbidden" });
  await kube.grant("mallory", "view", namespace);
  await expect.poll(() => pods(watched).catch(() => "refused"), soon).toBe(0);
});

test.concurrent("a namespace that is deleted is empty, and no fault", async (context) => {
  const { expect } = context;
  const kube = await cluster(context);
  const namespace = await kube.namespace();
  await deploy(kube, namespace);
  const watched = watching(context, speak(context, kube)).of(namespace);
  await expect.poll(() => pods(watched), soon).toBe(1);
  await kube.kubectl("delete", "namespace", namespace);
  await expect.poll(() => pods(watched), soon).toBe(0);
  expect(watched.stale()).toBeUndefined();
});

describe.concurrent("an API server", () => {
  test("that is gone for a while is told as such, and caught up with when it is back", async (context) => {
    const { expect } = context;
    const kube = await ownCluster(context, { nodes: 1 });
    const namespace = await kube.namespace();
    const began = Date.now();
    await deploy(kube, namespace);
    const says: string[] = [];
    const watched = watching(context, speak(context, kube), {
      log: (line) => says.push(line),
    }).of(namespace);
    await expect.poll(() => pods(watched), soon).toBe(1);
    await kube.kill("apiserver");
    const gone = Date.now();
    await expect.poll(() => watched.stale(), soon).toBeDefined();
    expect(await pods(watched)).toBe(1);
    await expect
      .poll(() => watched.stale()?.why, soon)
      .toBe("the cluster prod did not answer (connection refused)");
    const since = watched.stale()?.since;
    expect(since, "when it was heard last").toBeGreaterThan(began);
    expect(since).toBeLessThan(gone);
    await kube.start("apiserver");
    await expect.poll(() => watched.stale(), soon).toBeUndefined();
    await scale(kube, namespace, 2);
    await expect.poll(() => pods(watched), soon).toBe(2);
    // One that starts may cut them once more.
    const again = says.filter((line) => line === `prod tells about Pods in ${namespace} again`);
    expect(again.length).toBeGreaterThan(0);
    expect(says.indexOf(again[0] ?? "")).toBe(1);
    expect(says).toHaveLength(2 * again.length);
  });

  test("that says nothing any more is noticed, and never hangs a reader", async (context) => {
    const { expect } = context;
    const kube = await ownCluster(context, { nodes: 1 });
    const namespace = await kube.namespace();
    const all = watching(context, speak(context, kube, "admin", 1_500), { lives: 1_000 });
    const watched = all.of(namespace);
    await expect.poll(() => pods(watched).catch(String), soon).toBe(0);
    await kube.pause("apiserver");
    // Either the watch fell silent or the next one was not answered, whichever came first.
    await expect.poll(() => watched.stale()?.why, soon).toMatch(/silent|did not answer/);
    expect(await watched.read("Pod", never)).toEqual([]);
    const fresh = all.of("default");
    const gaveUp = fresh.read("Pod", AbortSignal.timeout(300));
    await expect(gaveUp).rejects.toThrow("timeout");
    await expect(fresh.read("Pod", never)).rejects.toThrow("did not answer within 1.5 s");
    await kube.resume("apiserver");
    await expect.poll(() => watched.stale(), soon).toBeUndefined();
    await expect.poll(() => pods(fresh).catch(String), soon).toBe(0);
  });
});
