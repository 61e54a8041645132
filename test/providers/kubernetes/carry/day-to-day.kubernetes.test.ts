/** The effects `restart` and `scale` on a real control plane, and that the next release gets along with them. */
import { expect, test } from "vitest";
import { Refusal } from "../../../../src/core/refusal.ts";
import type { KubeObject } from "../../../../src/expand/object.ts";
import { release as releaseOf } from "../../../../src/providers/kubernetes/carry/release.ts";
import { restart as restartOf } from "../../../../src/providers/kubernetes/carry/restart.ts";
import { scale as scaleOf } from "../../../../src/providers/kubernetes/carry/scale.ts";
import { bound, changes, open, see } from "../../drive.ts";
import { rendered, type Stage, stage, web } from "../deck.ts";

async function world(
  context: Parameters<typeof stage>[0],
  objects?: (it: Stage, version: string) => KubeObject[],
) {
  const it = await stage(context);
  const { deck, at, spot, namespace, versions, kube } = it;
  if (objects)
    for (const version of ["1.4.1", "1.4.2"]) versions.set(version, rendered(objects(it, version)));
  const release = releaseOf(deck);
  const plan = (version: string) => changes(release.preview({ ...at, version }, see()));
  const ship = async (version: string, key: string) => {
    await release.run({ ...at, version }, bound(await plan(version), key));
    const [newest] = await deck.records.list(spot, open);
    await deck.records.mark(spot, newest?.number ?? 0, "good", undefined, open);
  };
  const deployment = async () =>
    JSON.parse(await kube.kubectl("get", "deployment", "web", "-n", namespace, "-o", "json"));
  await ship("1.4.1", "a");
  return { ...it, release, plan, ship, deployment, restart: restartOf(deck), scale: scaleOf(deck) };
}

const withAutoscaler = ({ namespace }: Pick<Stage, "namespace">, version: string): KubeObject[] => {
  const all = web(namespace, version).map((object) => {
    if (object.kind !== "Deployment") return object;
    const { replicas: _, ...spec } = object["spec"] as { replicas: number };
    return { ...object, spec };
  });
  const autoscaler: KubeObject = {
    ...{
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "web", namespace },
    },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
      ...{ minReplicas: 2, maxReplicas: 4 },
      metrics: [
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
        },
      ],
    },
  };
  return [...all, autoscaler];
};

test.concurrent("a restart makes the pods anew once under its key, and the next release neither shows nor repeats it", async (context) => {
  const { at, restart, release, deployment, kube, namespace, plan } = await world(context);
  const before = (await deployment()).metadata.generation;
  const asked = await changes(restart.preview(at, see()));
  expect(asked.changes).toEqual([
    { of: "staging/web", field: "pods", from: "as they are", to: "made anew, a few at a time" },
  ]);
  expect(asked.undo).toEqual([]);
  expect(await restart.find?.(at, "r")).toBe("not done");
  await Promise.all([restart.run(at, bound(asked, "r")), restart.run(at, bound(asked, "r"))]);
  await restart.run(at, bound(asked, "r"));
  expect(await restart.find?.(at, "r")).toEqual({ did: {} });
  const patches = await kube.effects({ namespace, resource: "deployments", user: "shipmate" });
  expect(patches).toHaveLength(2); // the release and the restart
  expect((await deployment()).metadata.generation).toBe(before + 1);
  expect(await release.preview({ ...at, version: "1.4.1" }, see())).toEqual({
    same: { url: null },
  });
  expect((await plan("1.4.2")).changes.map(({ field }) => field)).toEqual(["version", "image"]);
  await restart.run(at, bound(await changes(restart.preview(at, see())), "another"));
  expect((await deployment()).metadata.generation).toBe(before + 2);
});

test.concurrent("what does not run can't be restarted or scaled, in a sentence", async (context) => {
  const { deck, at } = await stage(context);
  for (const preview of [
    () => restartOf(deck).preview(at, see()),
    () => scaleOf(deck).preview({ ...at, replicas: 3 }, see()),
  ]) {
    await expect(preview()).rejects.toThrow(Refusal);
    await expect(preview()).rejects.toThrow("web does not run in staging: deploy a version first.");
  }
});

test.concurrent("scaling sets the replicas until the next deploy, which says that it sets them back", async (context) => {
  const { at, scale, deployment, plan, ship } = await world(context);
  const input = { ...at, replicas: 3 };
  const asked = await changes(scale.preview(input, see()));
  expect(asked.changes).toEqual([
    { of: "staging/web", field: "replicas, until the next deploy", from: 1, to: 3 },
  ]);
  expect(asked.undo).toMatchObject([{ op: "clusters.scale", input: { ...at, replicas: 1 } }]);
  await scale.run(input, bound(asked, "s"));
  await scale.run(input, bound(asked, "s"));
  expect((await deployment()).spec.replicas).toBe(3);
  expect(await scale.preview(input, see())).toEqual({ same: {} });
  const other = scale.run({ ...at, replicas: 5 }, bound(asked, "t"));
  await expect(other).rejects.toThrow("was scaled to 3 since this was planned");
  expect((await plan("1.4.2")).changes).toContainEqual(
    expect.objectContaining({ field: "replicas", from: 3, to: 1 }),
  );
  await ship("1.4.2", "b");
  expect((await deployment()).spec.replicas).toBe(1);
});

test.concurrent("where it scales by itself the least is set, within what its manifest allows", async (context) => {
  const { at, scale, kube, namespace, plan, ship } = await world(context, withAutoscaler);
  const least = async () =>
    (
      await kube.kubectl("get", "hpa", "web", "-n", namespace, "-o", "jsonpath={.spec.minReplicas}")
    ).trim();
  const asked = await changes(scale.preview({ ...at, replicas: 3 }, see()));
  expect(asked.changes).toMatchObject([
    { field: "replicas at least, until the next deploy", from: 2, to: 3 },
  ]);
  await scale.run({ ...at, replicas: 3 }, bound(asked, "s"));
  expect(await least()).toBe("3");
  await expect(scale.preview({ ...at, replicas: 9 }, see())).rejects.toThrow(
    /to 4 at most: ask for 4/,
  );
  await expect(scale.preview({ ...at, replicas: 0 }, see())).rejects.toThrow(/keeps 1 at least/);
  expect((await plan("1.4.2")).changes).toContainEqual(
    expect.objectContaining({ field: expect.stringContaining("at least"), from: 3, to: 2 }),
  );
  await ship("1.4.2", "b");
  expect(await least()).toBe("2");
});

test.concurrent("what scales by itself starts with its least number, and never falls to one on the way there", async (context) => {
  const { at, versions, namespace, ship, kube, deployment, release } = await world(context);
  const fixed = web(namespace, "1.4.2", { replicas: 3 });
  versions.set("1.4.2", rendered(fixed));
  await ship("1.4.2", "b");
  versions.set("1.4.3", rendered(withAutoscaler({ namespace }, "1.4.3")));
  await ship("1.4.3", "c");
  expect(await release.preview({ ...at, version: "1.4.3" }, see())).toEqual({
    same: { url: null },
  });
  const applied = await kube.effects({ namespace, resource: "deployments", user: "shipmate" });
  const asked = applied.map(({ body }) => JSON.stringify(body).match(/"replicas":(\d+)/)?.[1]);
  expect(asked).toEqual(["1", "3", "3"]);
  expect((await deployment()).spec.replicas).toBe(3);
  await kube.kubectl("delete", "deployment", "web", "-n", namespace);
  await ship("1.4.3", "e");
  const [last] = (
    await kube.effects({ namespace, resource: "deployments", user: "shipmate" })
  ).slice(-1);
  expect(JSON.stringify(last?.body)).toContain('"replicas":2');
});
