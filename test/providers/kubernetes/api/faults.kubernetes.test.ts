/** What goes wrong around an effect: the control plane goes away in the middle, the namespace goes away for good. */
import { expect, test } from "vitest";
import { Refusal } from "../../../../src/core/refusal.ts";
import { release as releaseOf } from "../../../../src/providers/kubernetes/carry/release.ts";
import { ownCluster } from "../../../kube.ts";
import { bound, changes, eventually, open, see } from "../../drive.ts";
import { spoiled, stage } from "../deck.ts";

test.concurrent("a control plane that goes away in the middle is a fault, and the next try goes on", async (context) => {
  const kube = await ownCluster(context);
  const { deck, another, at, spot, namespace } = await stage(context, kube);
  const input = { ...at, version: "1.4.1" };
  const plan = await changes(releaseOf(deck).preview(input, see()));
  const cut = another((cluster) =>
    spoiled(cluster, async (call, _, object, go) => {
      if (call === "apply" && object?.kind === "Deployment") await kube.kill("apiserver");
      return go();
    }),
  );
  const failed = await releaseOf(cut)
    .run(input, bound(plan, "a"))
    .catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(Error);
  expect(failed).not.toBeInstanceOf(Refusal);
  await kube.start("apiserver");
  const release = releaseOf(deck);
  const found = await eventually(
    () => release.find?.(input, "a").catch(() => "unknown" as const),
    (answer) => answer !== "unknown",
  );
  expect(found).toBe("not done");
  await release.run(input, bound(plan, "a"));
  expect(await deck.records.list(spot, open)).toMatchObject([{ number: 1, state: "going" }]);
  const writes = await kube.effects({ namespace, user: "shipmate", verb: "patch" });
  expect(writes.map(({ resource }) => resource).sort()).toEqual([
    ...["configmaps", "deployments", "secrets", "services"],
  ]);
});

test.concurrent("a namespace that was deleted is made again by the next plan, and one that is going is waited for in words", async (context) => {
  const { kube, deck, at, spot, namespace } = await stage(context);
  const release = releaseOf(deck);
  const input = { ...at, version: "1.4.1" };
  await release.run(input, bound(await changes(release.preview(input, see())), "a"));
  const next = { ...at, version: "1.4.2" };
  const stale = await changes(release.preview(next, see()));
  await kube.kubectl(
    "patch",
    "configmap",
    "web",
    "-n",
    namespace,
    "--type=merge",
    "-p",
    '{"metadata":{"finalizers":["example.com/wait"]}}',
  );
  await kube.kubectl("delete", "namespace", namespace, "--wait=false");
  const going = release.preview(next, see());
  await expect(going).rejects.toThrow(Refusal);
  await expect(going).rejects.toThrow(/is being deleted/);
  await kube.kubectl(
    "patch",
    "configmap",
    "web",
    "-n",
    namespace,
    "--type=merge",
    "-p",
    '{"metadata":{"finalizers":null}}',
  );
  await kube.kubectl("wait", "--for=delete", `namespace/${namespace}`, "--timeout=180s");
  await expect(release.run(next, bound(stale, "b"))).rejects.toThrow(
    "was removed from staging since this was planned",
  );
  const fresh = await changes(release.preview(next, see()));
  expect(fresh.changes.map(({ field }) => field)).toContain(`Namespace ${namespace}`);
  await release.run(next, bound(fresh, "c"));
  expect(await deck.records.list(spot, open)).toMatchObject([{ number: 1, version: "1.4.2" }]);
  await kube.kubectl("delete", "namespace", namespace, "--wait=false");
});
