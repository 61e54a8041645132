/** What one service's operations may touch of a cluster. */
import { expect, test } from "vitest";
import { Refusal } from "../../../../src/core/refusal.ts";
import type { KubeObject } from "../../../../src/expand/object.ts";
import { confined } from "../../../../src/providers/kubernetes/api/confined.ts";
import type { Cluster, Ref } from "../../../../src/providers/kubernetes/types.ts";
import { open } from "../../drive.ts";

/** Notes each call that gets through. ClusterPolicy is a kind that somebody installed. */
function noting() {
  const calls: string[] = [];
  const note = (call: string) => async (of: KubeObject | Ref) => {
    const { name, namespace } = "metadata" in of ? (of as KubeObject).metadata : (of as Ref);
    calls.push(`${call} ${of.kind} ${namespace ?? ""}/${name}`);
    return { ...of, metadata: { name } };
  };
  const cluster = {
    serves: async ({ kind }: Ref) => ({
      namespaced: !["Namespace", "ClusterPolicy", "ClusterRole"].includes(kind),
    }),
    get: note("get"),
    apply: note("apply"),
    create: note("create"),
    merge: note("merge"),
    remove: note("remove"),
  } as unknown as Cluster;
  return { calls, within: confined(cluster, "staging") };
}

const ref = (kind: string, name: string, namespace?: string): Ref => ({
  ...{ apiVersion: kind === "ClusterPolicy" ? "kyverno.io/v1" : "v1", kind, name },
  ...(namespace !== undefined && { namespace }),
});
const object = ({ apiVersion, kind, name, namespace }: Ref): KubeObject => ({
  ...{ apiVersion, kind },
  metadata: { name, ...(namespace !== undefined && { namespace }) },
});

test("what lies in another namespace, or belongs to the whole cluster, is neither seen nor written", async () => {
  for (const elsewhere of [
    ref("ConfigMap", "web", "production"),
    ref("ConfigMap", "web"),
    ref("ClusterPolicy", "no-root", "staging"),
    ref("ClusterRole", "admin", "staging"),
    ref("Namespace", "production"),
  ]) {
    const { calls, within } = noting();
    expect(await within.get(elsewhere, open)).toBeUndefined();
    await expect(within.apply(object(elsewhere), {}, open)).rejects.toThrow(Refusal);
    await expect(within.apply(object(elsewhere), { dryRun: true }, open)).rejects.toThrow(Refusal);
    await expect(within.create(object(elsewhere), {}, open)).rejects.toThrow(Refusal);
    await expect(within.merge(elsewhere, {}, {}, open)).rejects.toThrow(Refusal);
    await expect(within.remove(elsewhere, {}, open)).rejects.toThrow(Refusal);
    expect(calls).toEqual([]);
  }
});

test("its own namespace may be made and never deleted, and all within it may be changed", async () => {
  const { calls, within } = noting();
  const [home, own] = [ref("Namespace", "staging"), ref("ConfigMap", "web", "staging")];
  await within.get(home, open);
  await within.create(object(home), {}, open);
  await expect(within.remove(home, {}, open)).rejects.toThrow("nothing else is touched");
  await expect(within.merge(home, {}, {}, open)).rejects.toThrow("nothing else is touched");
  await within.get(own, open);
  await within.apply(object(own), {}, open);
  await within.create(object(own), {}, open);
  await within.merge(own, {}, {}, open);
  await within.remove(own, {}, open);
  expect(calls).toEqual([
    ...["get Namespace /staging", "create Namespace /staging"],
    ...["get", "apply", "create", "merge", "remove"].map((call) => `${call} ConfigMap staging/web`),
  ]);
});
