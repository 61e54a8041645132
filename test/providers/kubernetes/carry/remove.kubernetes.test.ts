/** The effect `remove` on a real control plane. */
import { expect, test } from "vitest";
import { Moved } from "../../../../src/core/refusal.ts";
import type { KubeObject } from "../../../../src/expand/object.ts";
import { release as releaseOf } from "../../../../src/providers/kubernetes/carry/release.ts";
import { remove as removeOf } from "../../../../src/providers/kubernetes/carry/remove.ts";
import { bound, changes, open, see } from "../../drive.ts";
import { rendered, type Stage, spoiled, stage, web } from "../deck.ts";

async function ship({ deck, at, spot }: Stage, version: string, key: string) {
  const release = releaseOf(deck);
  const plan = await changes(release.preview({ ...at, version }, see()));
  await release.run({ ...at, version }, bound(plan, key));
  const [newest] = await deck.records.list(spot, open);
  await deck.records.mark(spot, newest?.number ?? 0, "good", undefined, open);
}

test.concurrent("it deletes what the releases hold and nothing else, keeps what holds data, and can be undone", async (context) => {
  const it = await stage(context);
  const { kube, deck, at, namespace, spot, versions } = it;
  const claim: KubeObject = {
    ...{ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "data", namespace } },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  };
  versions.set("1.4.1", rendered([...web(namespace, "1.4.1"), claim]));
  await ship(it, "1.4.1", "a");
  await kube.kubectl("create", "configmap", "theirs", "-n", namespace);
  const remove = removeOf(deck);
  const plan = await changes(remove.preview(at, see()));
  expect(plan.changes).toMatchObject([
    { field: "version", from: "1.4.1", to: null },
    { field: "PersistentVolumeClaim data", to: expect.stringContaining("stays with its data") },
    { field: "Deployment web", to: null },
    { field: "Service web", to: null },
    { field: "ConfigMap web", to: null },
  ]);
  expect(plan.undo).toMatchObject([
    {
      op: "clusters.release",
      input: { ...at, version: "1.4.1", like: expect.stringMatching(/^1\//) },
    },
  ]);
  await remove.run(at, bound(plan, "b"));
  await remove.run(at, bound(plan, "b"));
  expect(await remove.preview(at, see())).toEqual({ same: {} });
  const left = await kube.kubectl("get", "deploy,svc,cm,pvc", "-n", namespace, "-o", "name");
  expect(left.trim().split("\n").sort()).toEqual([
    ...["configmap/kube-root-ca.crt", "configmap/theirs", "persistentvolumeclaim/data"],
  ]);
  const release = releaseOf(deck);
  const back = { ...at, version: "1.4.1", like: "1" };
  await release.run(back, bound(await changes(release.preview(back, see())), "c"));
  expect((await deck.records.list(spot, open)).map(({ number }) => number)).toEqual([2, 1]);
});

test.concurrent("it is not carried out where another release has come since", async (context) => {
  const it = await stage(context);
  await ship(it, "1.4.1", "a");
  const remove = removeOf(it.deck);
  const plan = await changes(remove.preview(it.at, see()));
  await ship(it, "1.4.2", "b");
  await expect(remove.run(it.at, bound(plan, "c"))).rejects.toThrow(Moved);
  await it.kube.kubectl("get", "deployment", "web", "-n", it.namespace);
});

test.concurrent("cut at any of its calls, it is done by the next try, each object deleted once", async (context) => {
  const it = await stage(context);
  const { kube, another, at, namespace } = it;
  for (let n = 1, cut = true; cut; n++) {
    await ship(it, "1.4.1", `release ${n}`);
    const plan = await changes(removeOf(it.deck).preview(at, see()));
    const before = (await kube.effects({ namespace, verb: "delete", user: "shipmate" })).length;
    cut = false;
    const broken = another((cluster) =>
      spoiled(cluster, async (_, call, __, go) => {
        if (call === n) {
          cut = true;
          if (n % 2 === 0) await go();
          throw new Error("the connection was cut");
        }
        return go();
      }),
    );
    await removeOf(broken)
      .run(at, bound(plan, `remove ${n}`))
      .catch(() => undefined);
    await removeOf(it.deck).run(at, bound(plan, `remove ${n}`));
    expect(await removeOf(it.deck).preview(at, see())).toEqual({ same: {} });
    const deleted = (await kube.effects({ namespace, verb: "delete", user: "shipmate" })).slice(
      before,
    );
    const objects = deleted.filter(({ resource }) => resource !== "secrets");
    expect([n, objects.map(({ resource }) => resource).sort()]).toEqual([
      n,
      ["configmaps", "deployments", "services"],
    ]);
    expect(n).toBeLessThan(30);
  }
});
