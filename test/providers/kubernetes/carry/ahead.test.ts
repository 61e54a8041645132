import { expect, test } from "vitest";
import { looking, reading } from "../../../../src/providers/kubernetes/carry/ahead.ts";
import type { Cluster, Ref } from "../../../../src/providers/kubernetes/types.ts";

const signal = new AbortController().signal;
const ref = (name: string): Ref => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  name,
  namespace: "shop",
});
const object = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } });

/** Answers with how often it was asked so; what it was asked is in `calls`. A name may be made to fail. */
function asked() {
  const calls: string[] = [];
  const answer = async (call: string, of: { readonly name: string }) => {
    calls.push(`${call} ${of.name}`);
    if (of.name === "broken") throw new Error("it is broken");
    return {
      ...object(of.name),
      times: calls.filter((one) => one === `${call} ${of.name}`).length,
    };
  };
  const cluster = {
    get: (of: Ref) => answer("get", of),
    apply: (of: ReturnType<typeof object>, { dryRun }: { dryRun?: boolean }) =>
      answer(dryRun ? "try" : "apply", of.metadata),
  } as unknown as Cluster;
  return { calls, cluster };
}

test("each question is asked once in one look, and the same again in the next", async () => {
  const { calls, cluster } = asked();
  const look = looking(cluster, [], signal);
  const all = [look.cluster.get(ref("a"), signal), look.cluster.get(ref("a"), signal)];
  expect((await Promise.all(all)).map((one) => one?.["times"])).toEqual([1, 1]);
  await look.cluster.apply(object("a"), { dryRun: true }, signal);
  await look.cluster.apply(object("a"), { dryRun: true }, signal);
  expect(calls).toEqual(["get a", "try a"]);
  const next = looking(cluster, [], signal);
  expect(await next.cluster.get(ref("a"), signal)).toMatchObject({ times: 2 });
});

test("what the look before asked is asked at once, and answered anew", async () => {
  const { calls, cluster } = asked();
  const before = looking(cluster, [reading(ref("a"))], signal);
  await before.cluster.get(ref("a"), signal);
  await before.cluster.apply(object("a"), { dryRun: true }, signal);
  calls.length = 0;
  const look = looking(cluster, before.asked(), signal);
  expect(calls).toEqual(["get a", "try a"]);
  await look.cluster.get(ref("a"), signal);
  // Another question than before: it is asked besides.
  await look.cluster.apply({ ...object("a"), data: {} } as never, { dryRun: true }, signal);
  expect(calls).toEqual(["get a", "try a", "try a"]);
});

test("what is asked ahead and fails tells whoever comes for it, and nobody else", async () => {
  const { cluster } = asked();
  const look = looking(cluster, [reading(ref("broken")), reading(ref("a"))], signal);
  expect(await look.cluster.get(ref("a"), signal)).toMatchObject({ times: 1 });
  await expect(look.cluster.get(ref("broken"), signal)).rejects.toThrow("it is broken");
});

test("what changes something is never asked ahead, and done as often as it is said", async () => {
  const { calls, cluster } = asked();
  const look = looking(cluster, [], signal);
  await look.cluster.apply(object("a"), {}, signal);
  await look.cluster.apply(object("a"), {}, signal);
  expect(calls).toEqual(["apply a", "apply a"]);
  expect(look.asked()).toEqual([]);
});
