import { describe, expect, type TestContext, test } from "vitest";
import { history } from "../../../../src/providers/kubernetes/look/history.ts";
import { rollout } from "../../../../src/providers/kubernetes/look/rollout.ts";
import { running } from "../../../../src/providers/kubernetes/look/running.ts";
import { eventually, open } from "../../drive.ts";
import { at, type Deployed, deployment, type Looks, long, looks } from "./looks.ts";

type Rollout = Awaited<ReturnType<ReturnType<typeof rollout>>>;

/** All that the look said until it was no longer going. */
async function watched({ reading }: Looks, limit = 120_000): Promise<Rollout[]> {
  const look = rollout(reading);
  const said: Rollout[] = [];
  await eventually(
    async () => {
      const last = await look(at, open);
      if (JSON.stringify(last) !== JSON.stringify(said.at(-1))) said.push(last);
      return last;
    },
    ({ state }) => state !== "going",
    limit,
  );
  return said;
}

async function ended(
  context: TestContext,
  version: string,
  more?: Partial<Deployed>,
): Promise<{ world: Looks; said: Rollout[]; last: Rollout | undefined }> {
  const world = await looks(context);
  await world.release(version, more);
  const said = await watched(world);
  return { world, said, last: said.at(-1) };
}

describe.concurrent("a rollout on a cluster", () => {
  test("counts the new ones that are ready, then is good, and its record says so", async (context) => {
    const world = await looks(context, { patience: long });
    await world.release("1.4.1", { replicas: 3 });
    const said = await watched(world);
    const last = said.at(-1);
    expect(said.every(({ version }) => version === "1.4.1")).toBe(true);
    expect(last).toMatchObject({ state: "good", says: "1.4.1 runs.", ready: 3, of: 3, log: [] });
    expect(said.every(({ stuck }) => stuck === undefined)).toBe(true);
    await world.release("1.4.2", { replicas: 3 });
    const next = await watched(world);
    expect(next.map(({ says }) => says).join("\n")).toMatch(/^[12] of 3 new ready\.$/m);
    expect(next.at(-1)).toMatchObject({ state: "good", version: "1.4.2" });
    expect(await history(world.reading)(at, open)).toMatchObject([
      { id: expect.stringMatching(/^2\//), version: "1.4.2", good: true, by: "ada" },
      { id: expect.stringMatching(/^1\//), version: "1.4.1", good: true, by: "ada" },
    ]);
  });

  test.for<[string, string, Partial<Deployed>, RegExp, RegExp]>([
    [
      "an image that does not exist",
      "1.5.0-missing",
      {},
      /^The image ghcr\.io\/acme\/web:1\.5\.0-missing does not exist\. Push it, or deploy a version that is there\./,
      /^1\.5\.0-missing did not start: the image ghcr\.io\/acme\/web:1\.5\.0-missing does not exist\.$/,
    ],
    [
      "an image that it may not have",
      "1.5.0-private",
      {},
      /^The cluster may not pull the image \S+-private\. Give test-\w+ a pull secret for ghcr\.io/,
      /did not start: the cluster may not pull/,
    ],
    [
      "a crash",
      "1.5.0-crash",
      {},
      /^1\.5\.0-crash (crashed|keeps crashing): exit code 1 right after it started\./,
      /^1\.5\.0-crash did not start: it exited with code 1\.$/,
    ],
    [
      "too little memory",
      "1.5.0-oom",
      { container: { resources: { limits: { memory: "64Mi" } } } },
      /^1\.5\.0-oom keeps running out of memory \(its limit is 64Mi\)\. Raise the limit/,
      /did not start: it ran out of memory \(its limit is 64Mi\)\.$/,
    ],
    [
      "a check that says no",
      "1.5.0-unready",
      {},
      /^1\.5\.0-unready is not healthy yet: \/healthz answered 503\./,
      /^1\.5\.0-unready did not become healthy in [\d.]+ s: \/healthz answered 503\.$/,
    ],
    [
      "a secret that is not there",
      "1.5.0",
      { container: { envFrom: [{ secretRef: { name: "web-env" } }] } },
      /^The Secret web-env does not exist in test-\w+\. Create it, and the pods go on/,
      /^1\.5\.0 did not start: the Secret web-env does not exist in/,
    ],
    [
      "a secret volume that is not there",
      "1.5.0",
      {
        container: { volumeMounts: [{ name: "s", mountPath: "/s" }] },
        pod: { volumes: [{ name: "s", secret: { secretName: "web-files" } }] },
      },
      /^The Secret web-files does not exist/,
      /did not start: the Secret web-files does not exist/,
    ],
    [
      "a request that no node has room for",
      "1.5.0",
      { container: { resources: { requests: { cpu: "9" } } } },
      /^No node takes it: 2 of 2 have too little CPU free \(it asks for 9\)\./,
      /did not start: no node takes it: 2 of 2 have too little CPU/,
    ],
    [
      "a volume claim that is not there",
      "1.5.0",
      {
        container: { volumeMounts: [{ name: "s", mountPath: "/s" }] },
        pod: { volumes: [{ name: "s", persistentVolumeClaim: { claimName: "web-data" } }] },
      },
      /^The volume claim web-data does not exist/,
      /did not start: the volume claim web-data/,
    ],
    [
      "a failing init container",
      "1.5.0",
      { pod: { initContainers: [{ name: "setup", image: "ghcr.io/acme/web:1.5.0-crash" }] } },
      /^Its init container setup keeps failing\.|The init container setup/,
      /did not start: its init container setup/,
    ],
    [
      "a service account that is not there",
      "1.5.0",
      { pod: { serviceAccountName: "nobody" } },
      /^The service account nobody does not exist in/,
      /did not start: the service account nobody/,
    ],
    [
      "a node selector that fits none",
      "1.5.0",
      { pod: { nodeSelector: { disk: "ssd" } } },
      /^No node takes it: 2 of 2 are not of the kind that it asks for\./,
      /no node takes it/,
    ],
    [
      "a paused Deployment",
      "1.5.0",
      { spec: { paused: true } },
      /^The Deployment web is paused\. Resume it/,
      /the Deployment web is paused/,
    ],
  ])(
    "that sticks for %s says so and what helps, then is bad for good",
    async ([, version, more, going, final], context) => {
      const { world, said, last } = await ended(context, version, more);
      const stuck = said.find((one) => one.stuck && going.test(one.says));
      expect(stuck?.says).toMatch(going);
      expect(stuck?.says).toMatch(/ Taking it back in \d+ s unless it recovers\.$/);
      expect(last).toMatchObject({ state: "bad", version, ready: 0, of: 1 });
      expect(last?.says).toMatch(final);
      expect(await rollout(world.reading)(at, open)).toMatchObject({
        state: "bad",
        says: last?.says,
      });
      expect((await world.reading.records.list(world.spot, open))[0]).toMatchObject({
        state: "bad",
        why: last?.says,
      });
      expect(await running(world.reading)(at, open)).toMatchObject({
        version: null,
        ready: 0,
        of: 1,
        why: last?.says,
      });
    },
  );

  test("that is bad leaves what ran before running, and tells both", async (context) => {
    const world = await looks(context);
    await world.release("1.4.1", { replicas: 2, patience: long });
    await watched(world);
    const before = await running(world.reading)(at, open);
    expect(before).toMatchObject({ version: "1.4.1", ready: 2, of: 2, restarts: 0 });
    expect(before.why).toBeUndefined();
    await world.release("1.5.0-crash", { replicas: 2 });
    const last = (await watched(world)).at(-1);
    expect(last?.says).toBe("1.5.0-crash did not start: it exited with code 1 (1 of 2 pods).");
    expect(last?.log.join("\n")).toMatch(/ERROR cannot start.*BackOff: /s);
    const after = await running(world.reading)(at, open);
    expect(after).toMatchObject({ version: "1.4.1", ready: 2, since: before.since, restarts: 0 });
    expect(after.why).toBe(`${last?.says} 1.4.1 still runs.`);
    await world.release("1.4.1", { replicas: 2, patience: long });
    expect((await watched(world)).at(-1)).toMatchObject({ state: "good" });
    expect(await running(world.reading)(at, open)).toEqual(before);
  });

  test("of an image that takes a pull secret goes on where the pods have one", async (context) => {
    const pull = { pod: { imagePullSecrets: [{ name: "registry" }] }, patience: long };
    const { last } = await ended(context, "1.5.0-private", pull);
    expect(last).toMatchObject({ state: "good", says: "1.5.0-private runs." });
  });

  test("that crashes before it has been ready for long enough says after how long", async (context) => {
    const world = await looks(context);
    await world.release("1.5.0-latecrash", { spec: { minReadySeconds: 20 } });
    const said = await watched(world);
    expect(said.map(({ says }) => says).join("\n")).toMatch(
      /^1\.5\.0-latecrash (crashed|keeps crashing): exit code 1 after \d+ s\. Taking it back in /m,
    );
    const says = "1.5.0-latecrash did not start: it exited with code 1.";
    expect(said.at(-1)).toMatchObject({ state: "bad", says });
  });

  test("that is good, and is killed again and again afterwards, tells so in what runs", async (context) => {
    const { world, last } = await ended(context, "1.5.0-unlive", { patience: long });
    expect(last).toMatchObject({ state: "good" });
    await eventually(
      () => running(world.reading)(at, open),
      ({ why }) =>
        why === "1.5.0-unlive is restarted again and again: its liveness check answered 500.",
    );
  });

  test("says which quota is used up", async (context) => {
    const world = await looks(context);
    await world.kube.kubectl("create", "quota", "small", "--hard=pods=1", "-n", world.namespace);
    await world.release("1.5.0", { replicas: 3 });
    const said = await watched(world);
    expect(said.find(({ stuck }) => stuck)?.says).toMatch(
      /^The quota small of \S+ is used up \(pods 1 of 1 in use, 1 more needed\)\. Raise it, or free some of it\./,
    );
    expect(said.at(-1)).toMatchObject({ state: "bad", ready: 1, of: 3 });
  });

  test("waits for what starts slowly, as long as the patience allows", async (context) => {
    const world = await looks(context, { patience: long });
    await world.release("1.5.0-slow");
    const said = await watched(world);
    expect(said.map(({ says }) => says)).toContain("0 of 1 ready.");
    expect(said.at(-1)).toMatchObject({ state: "good", ready: 1 });
  });

  test("of several workloads counts them all, and names the one that fails", async (context) => {
    const world = await looks(context);
    const worker = deployment("1.5.0-crash", { replicas: 2 }, "web-worker");
    await world.release("1.5.0", { objects: [deployment("1.5.0", { replicas: 2 }), worker] });
    const last = (await watched(world)).at(-1);
    expect(last).toMatchObject({ state: "bad", ready: 2, of: 4 });
    expect(last?.says).toBe(
      "1.5.0 did not start: it exited with code 1 (web-worker, 2 of 2 pods).",
    );
  });

  test("of a StatefulSet and a DaemonSet goes on until all of it is new", async (context) => {
    const world = await looks(context);
    const both = (version: string) =>
      ["StatefulSet", "DaemonSet"].map((kind) => {
        const { spec, ...rest } = deployment(version, {}, `web-${kind.toLowerCase()}`);
        const { replicas, strategy, ...more } = spec as Record<string, unknown>;
        const own = kind === "StatefulSet" ? { replicas: 2, serviceName: "web" } : {};
        return { ...rest, kind, spec: { ...more, ...own } } as ReturnType<typeof deployment>;
      });
    await world.release("1.4.1", { objects: both("1.4.1"), patience: long });
    expect((await watched(world)).at(-1)).toMatchObject({ state: "good", ready: 4, of: 4 });
    await world.release("1.4.2", { objects: both("1.4.2"), patience: long });
    const said = await watched(world);
    expect(said.some(({ ready }) => ready > 0 && ready < 4)).toBe(true);
    expect(said.at(-1)).toMatchObject({ state: "good", ready: 4, of: 4 });
    expect(await running(world.reading)(at, open)).toMatchObject({ version: "1.4.2", ready: 4 });
  });
});
