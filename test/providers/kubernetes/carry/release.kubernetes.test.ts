/** The effect `release` on a real control plane: once, converging, and never onto what nobody approved. */
import { expect, test } from "vitest";
import type { Effect } from "../../../../src/core/operation.ts";
import { Moved, Refusal } from "../../../../src/core/refusal.ts";
import { type KubeObject, marks } from "../../../../src/expand/object.ts";
import { release as releaseOf } from "../../../../src/providers/kubernetes/carry/release.ts";
import { judge } from "../../../../src/providers/kubernetes/look/judge.ts";
import { bound, changes, eventually, open, see } from "../../drive.ts";
import { rendered, type Stage, spoiled, stage, web } from "../deck.ts";

async function world(context: Parameters<typeof stage>[0]) {
  const it = await stage(context);
  const { deck, at, spot } = it;
  const release = releaseOf(deck);
  const to = (version: string) => ({ ...at, version });
  const plan = (version: string, like?: string) =>
    changes(release.preview({ ...to(version), ...(like && { like }) }, see()));
  /** Previews and runs, and says how the rollout went. */
  const ship = async (version: string, key: string, state: "good" | "bad" = "good") => {
    await release.run(to(version), bound(await plan(version), key));
    const number = (await deck.records.list(spot, open))[0]?.number ?? 0;
    await deck.records.mark(spot, number, state, state === "bad" ? "It crashed." : undefined, open);
  };
  const live = async (kind: string, name = "web") =>
    JSON.parse(
      await it.kube.kubectl("get", kind, name, "-n", it.namespace, "-o", "json"),
    ) as KubeObject;
  return { ...it, release, to, plan, ship, live };
}

test.concurrent("a first release makes everything, bears its number, and says that removing undoes it", async (context) => {
  const { kube, deck, spot, at, namespace, release, to, plan, live } = await world(context);
  const first = await plan("1.4.1");
  expect(first.changes.map(({ field, from, to: is }) => [field, from, is])).toMatchObject([
    ["version", null, "1.4.1"],
    ["Deployment web", null, expect.any(String)],
    ["ConfigMap web", null, expect.any(String)],
    ["Service web", null, expect.any(String)],
    ["image", null, "ghcr.io/acme/web:1.4.1 (not pinned)"],
    ["ConfigMap: LEVEL", null, "info"],
  ]);
  expect(first.seen).toMatchObject({ "staging/web": { release: null, version: null } });
  expect(first.undo).toMatchObject([{ op: "clusters.remove", input: at }]);
  expect(await release.preview(to("1.4.1"), see())).toEqual(first);
  expect(await kube.effects({ namespace, user: "shipmate" })).toEqual([]);
  expect(await release.find?.(to("1.4.1"), "a")).toBe("not done");
  const runs = [1, 2, 3].map(() => release.run(to("1.4.1"), bound(first, "a")));
  expect(await Promise.all(runs)).toEqual([{ url: null }, { url: null }, { url: null }]);
  await release.run(to("1.4.1"), bound(first, "a"));
  expect(await release.find?.(to("1.4.1"), "a")).toEqual({ did: { url: null } });
  const all = await deck.records.list(spot, open);
  expect(all).toMatchObject([{ number: 1, version: "1.4.1", key: "a", state: "going" }]);
  for (const kind of ["Deployment", "Service", "ConfigMap"])
    expect((await live(kind)).metadata).toMatchObject({
      labels: {
        [marks.managedBy]: "shipmate",
        [marks.service]: "web",
        [marks.environment]: "staging",
      },
      annotations: { [marks.release]: "1" },
    });
  const writes = await kube.effects({ namespace, user: "shipmate" });
  expect(writes.map(({ resource }) => resource).sort()).toEqual([
    ...["configmaps", "deployments", "secrets", "secrets", "services"],
  ]);
});

test.concurrent("a plan made while another release begins tells of that release as a whole", async (context) => {
  const { another, ship, plan, to } = await world(context);
  await ship("1.4.1", "a");
  const between = await plan("1.4.2");
  let lists = 0;
  const slow = another((own) =>
    spoiled(own, async (call, _, __, go) => {
      const answer = await go();
      // It has read the records, and no object yet.
      if (call === "list" && ++lists === 1)
        await releaseOf(another()).run(to("1.4.2"), bound(between, "b"));
      return answer;
    }),
  );
  const told = await changes(releaseOf(slow).preview(to("1.5.0-crash"), see()));
  expect(told.changes[0]).toMatchObject({ field: "version", to: "1.5.0-crash" });
  expect(told.changes[0].from).toMatch(/^1\.4\.2/);
  expect(told.seen).toMatchObject({ "staging/web": { release: 2, version: "1.4.2" } });
});

test.concurrent("a second one changes what differs; what runs well already is the same; what failed is not", async (context) => {
  const { release, to, plan, ship, live } = await world(context);
  await ship("1.4.1", "a");
  expect(await release.preview(to("1.4.1"), see())).toEqual({ same: { url: null } });
  const next = await plan("1.5.0-crash");
  expect(next.changes).toMatchObject([
    { of: "staging/web", field: "version", from: "1.4.1", to: "1.5.0-crash" },
    { field: "image" },
  ]);
  expect(next.undo).toMatchObject([
    { input: { ...to("1.4.1"), like: expect.stringMatching(/^1\//) } },
  ]);
  await ship("1.5.0-crash", "b", "bad");
  const again = await plan("1.5.0-crash");
  expect(again.changes).toEqual([
    { of: "staging/web", field: "version", from: "1.5.0-crash (failed)", to: "1.5.0-crash" },
  ]);
  expect(again.undo).toMatchObject([
    { input: { ...to("1.4.1"), like: expect.stringMatching(/^1\//) } },
  ]);
  await ship("1.5.0-crash", "c");
  const deployment = await live("Deployment");
  expect(JSON.stringify(deployment["spec"])).toContain(`"${marks.restarted}":"release-3"`);
  expect(await release.preview(to("1.5.0-crash"), see())).toEqual({ same: { url: null } });
});

test.concurrent("one that nobody watched to its end is judged by the next plan, which goes back to it", async (context) => {
  const { deck, at, spot } = await stage(context);
  const reading = { ...deck, patience: () => 40_000 };
  const { preview, run } = releaseOf({ ...deck, judge: judge(reading) });
  const first = { ...at, version: "1.4.1" };
  await run(first, bound(await changes(preview(first, see())), "a"));
  expect(await deck.records.list(spot, open)).toMatchObject([{ state: "going" }]);
  const next = await eventually(
    () => changes(preview({ ...at, version: "1.4.2" }, see())),
    (plan) => plan.changes[0].from !== "1.4.1 (starting)",
  );
  expect(next.changes[0]).toMatchObject({ from: "1.4.1", to: "1.4.2" });
  expect(next.undo).toMatchObject([
    { input: { version: "1.4.1", like: expect.stringMatching(/^1\//) } },
  ]);
});

test.concurrent("a step back brings the exact content of then, whatever the manifests say today", async (context) => {
  const { release, versions, namespace, plan, ship, live, to } = await world(context);
  await ship("1.4.1", "a");
  await ship("1.4.2", "b");
  versions.set("1.4.1", rendered(web(namespace, "1.4.1", { config: "debug" })));
  const back = await plan("1.4.1", "1");
  expect(back.changes.map(({ field }) => field)).toEqual(["version", "image"]);
  await release.run({ ...to("1.4.1"), like: "1" }, bound(back, "c"));
  expect(await live("ConfigMap")).toMatchObject({ data: { LEVEL: "info" } });
  const forgotten = await plan("1.4.1", "77");
  expect(forgotten.changes).toContainEqual(
    expect.objectContaining({ field: expect.stringContaining("LEVEL"), from: "info", to: "debug" }),
  );
});

test.concurrent("a step back to a record that somebody has made anew is refused", async (context) => {
  const { kube, namespace, release, to, ship, plan } = await world(context);
  await ship("1.4.1", "a");
  const [back] = (await plan("1.4.2")).undo as readonly Effect[];
  const input = back?.input as ReturnType<typeof to> & { readonly like: string };
  expect(await release.preview(input, see())).toEqual({ same: { url: null } });
  const secret = ["secret", "shipmate.web.1", "-n", namespace];
  const record = JSON.parse(await kube.kubectl("get", ...secret, "-o", "json"));
  const { uid: _, resourceVersion: __, ...metadata } = record.metadata;
  await kube.kubectl("delete", ...secret);
  await kube.apply(JSON.stringify({ ...record, metadata }), "--server-side");
  await expect(release.preview(input, see())).rejects.toThrow(
    "Release 1 of web is no longer the one that was kept",
  );
});

test.concurrent("what is no longer rendered is deleted, but nothing that holds data, and a later release takes that up", async (context) => {
  const { kube, release, versions, namespace, plan, ship, to } = await world(context);
  const claim: KubeObject = {
    ...{
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "web-data", namespace },
    },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  };
  const extra: KubeObject = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "extra", namespace },
  };
  versions.set("1.4.1", rendered([...web(namespace, "1.4.1"), claim, extra]));
  await ship("1.4.1", "a");
  await kube.kubectl("create", "configmap", "theirs", "-n", namespace);
  const next = await plan("1.4.2");
  expect(next.changes.slice(2)).toMatchObject([
    { field: "ConfigMap extra", to: null },
    { field: "PersistentVolumeClaim web-data", to: expect.stringContaining("stays with its data") },
  ]);
  await release.run(to("1.4.2"), bound(next, "b"));
  const left = await kube.kubectl("get", "configmap,pvc", "-n", namespace, "-o", "name");
  expect(left).not.toContain("extra");
  expect(left).toContain("configmap/theirs");
  expect(left).toContain("web-data");
  await ship("1.4.1", "c");
  expect(await release.preview(to("1.4.1"), see())).toEqual({ same: { url: null } });
});

test.concurrent("what moved since the plan is noticed before anything is written", async (context) => {
  const { kube, release, versions, namespace, plan, ship, to } = await world(context);
  await ship("1.4.1", "a");
  const ours = async () => (await kube.effects({ namespace, user: "shipmate" })).length;
  const patched = await plan("1.4.2");
  await kube.kubectl("set", "image", "deployment/web", "web=ghcr.io/acme/web:9", "-n", namespace);
  const before = await ours();
  const run = () => release.run(to("1.4.2"), bound(patched, "b"));
  await expect(run()).rejects.toThrow(Moved);
  await expect(run()).rejects.toThrow(/image/);
  const edited = await plan("1.4.2");
  versions.set("1.4.2", rendered(web(namespace, "1.4.2", { config: "debug" })));
  await changes(release.preview(to("1.4.1"), see())); // another plan takes the memory's place
  await expect(release.run(to("1.4.2"), bound(edited, "c"))).rejects.toThrow(
    /consists of has changed/,
  );
  const late = await plan("1.4.2");
  expect(await ours()).toBe(before);
  await ship("1.4.1", "d");
  await expect(release.run(to("1.4.2"), bound(late, "e"))).rejects.toThrow(
    /was released as 1.4.1 since this was planned/,
  );
});

test.concurrent("a status that is written in between is no reason to stop; a field that is, takes the change back", async (context) => {
  const { another, ship, plan, to, live, namespace } = await world(context);
  await ship("1.4.1", "a");
  const meddling = (patch: object, subresource?: string) =>
    another((cluster) => {
      let left = 1;
      return spoiled(cluster, async (call, _, object, go) => {
        const how = subresource === undefined ? {} : { subresource };
        const ref = { apiVersion: "apps/v1", kind: "Deployment", name: "web", namespace };
        const isIt = call === "apply" && object?.kind === "Deployment";
        if (isIt && left-- > 0) await cluster.merge(ref, patch, how, open);
        return go();
      });
    });
  const run = async (deck: Stage["deck"], version: string, key: string) =>
    releaseOf(deck).run(to(version), bound(await plan(version), key));
  await run(
    meddling({ status: { observedGeneration: 1, collisionCount: 1 } }, "status"),
    "1.4.2",
    "b",
  );
  expect(JSON.stringify(await live("Deployment"))).toContain("ghcr.io/acme/web:1.4.2");
  const template = { spec: { containers: [{ name: "web", image: "ghcr.io/acme/web:9" }] } };
  const stopped = await run(meddling({ spec: { template } }), "1.4.1", "c").catch(
    (error: unknown) => error,
  );
  expect(stopped).toBeInstanceOf(Refusal);
  expect(stopped).not.toBeInstanceOf(Moved);
  expect(String(stopped)).toMatch(/image/);
  expect(JSON.stringify(await live("Deployment"))).toContain("ghcr.io/acme/web:9");
});

test.concurrent("two Shipmates that release at once: one does, the other learns that it moved and writes nothing", async (context) => {
  const { kube, another, namespace, ship, to } = await world(context);
  await ship("1.4.1", "a");
  const rivals = [another(), another()].map((deck) => releaseOf(deck));
  const plans = await Promise.all(
    rivals.map((one, i) => changes(one.preview(to(i === 0 ? "1.4.2" : "1.5.0-crash"), see()))),
  );
  const before = (await kube.effects({ namespace, user: "shipmate" })).length;
  const ends = await Promise.allSettled(
    rivals.map(async (one, i) => {
      const plan = plans[i];
      if (!plan) throw new Error("no plan");
      return one.run(to(i === 0 ? "1.4.2" : "1.5.0-crash"), bound(plan, `rival ${i}`));
    }),
  );
  expect(ends.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(ends.find(({ status }) => status === "rejected")).toMatchObject({
    reason: { name: "Moved" },
  });
  const after = await kube.effects({ namespace, user: "shipmate" });
  expect(after.length - before).toBe(5); // the record, three objects, the record's state
});

for (const when of ["before", "after"] as const)
  test.concurrent(`a run that is cut ${when} any of its calls is done by the next try, each object once`, {
    timeout: 600_000,
  }, async (context) => {
    const { kube, deck, another, namespace, at } = await world(context);
    for (let n = 1, cut = true; cut; n++) {
      const service = `web-${n}`;
      const input = (version: string) => ({ ...at, service, version });
      const content = (version: string) =>
        web(namespace, version.replace(`-${service}`, ""), { name: service, config: version });
      const source = {
        render: async ({ version }: { version: string }) =>
          rendered([
            ...content(version),
            ...(version === "1.4.1"
              ? [
                  {
                    apiVersion: "v1",
                    kind: "ConfigMap",
                    metadata: { name: `${service}-old`, namespace },
                  },
                ]
              : []),
          ]),
        versions: async () => [],
      };
      const sound = releaseOf({ ...deck, source });
      const first = await changes(sound.preview(input("1.4.1"), see()));
      await sound.run(input("1.4.1"), bound(first, "a"));
      const plan = await changes(sound.preview(input("1.4.2"), see()));
      cut = false;
      const broken = another((cluster) =>
        spoiled(cluster, async (_, call, __, go) => {
          if (call !== n) return go();
          cut = true;
          if (when === "after") await go();
          throw new Error("the connection was cut");
        }),
      );
      const tried = releaseOf({ ...broken, source }).run(input("1.4.2"), bound(plan, "b"));
      await tried.catch(() => undefined);
      await sound.run(input("1.4.2"), bound(plan, "b"));
      const all = await deck.records.list(deck.spotOf({ ...at, service }), open);
      expect(all.map(({ number, state }) => [number, state])).toEqual([
        [2, "going"],
        [1, "going"],
      ]);
      const effects = await kube.effects({ namespace, user: "shipmate" });
      const of = (name: string) =>
        effects.filter((one) => one.name === name).map(({ verb }) => verb);
      expect([n, of(`${service}-old`)]).toEqual([n, ["patch", "delete"]]);
      for (const resource of ["deployments", "services", "configmaps"]) {
        const its = effects.filter((one) => one.name === service && one.resource === resource);
        expect([n, resource, its.length]).toEqual([n, resource, 2]);
      }
      expect(n).toBeLessThan(40);
    }
  });

test.concurrent("an operation on top of a planned one compares content, and fits whatever number that one gets", async (context) => {
  const { release, to, plan, live } = await world(context);
  const first = await plan("1.4.1");
  const planned = (object: string) => first.will[object];
  const next = await changes(release.preview(to("1.4.2"), { ...see(), planned }));
  expect(next.changes).toMatchObject([
    { field: "version", from: "1.4.1", to: "1.4.2" },
    { field: "image" },
  ]);
  expect(next.seen).toEqual({ "staging/web": { release: null, version: "1.4.1" } });
  await expect(release.run(to("1.4.2"), bound(next, "b"))).rejects.toThrow(Moved);
  await release.run(to("1.4.1"), bound(first, "a"));
  await release.run(to("1.4.2"), bound(next, "b"));
  expect(JSON.stringify(await live("Deployment"))).toContain("ghcr.io/acme/web:1.4.2");
});

/** 1.4.1 runs, and 1.4.2 differs; what is waited for at once of the API server is told together, while `during` is set. */
async function waiting(context: Parameters<typeof stage>[0]) {
  const it = await world(context);
  const { another, ship, versions, namespace } = it;
  const more = (n: number): KubeObject => ({
    ...{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: `web-${n}`, namespace } },
  });
  for (const version of ["1.4.1", "1.4.2"])
    versions.set(version, rendered([...web(namespace, version), ...[1, 2, 3, 4, 5].map(more)]));
  await ship("1.4.1", "a");
  const waited: string[][] = [];
  const told = { during: false };
  let underWay = 0;
  const deck = another((cluster) =>
    spoiled(cluster, async (call, _, __, go) => {
      if (told.during && underWay === 0) waited.push([]);
      if (told.during) waited.at(-1)?.push(call);
      underWay += 1;
      return go().finally(() => {
        underWay -= 1;
      });
    }),
  );
  const calls = () => waited.map((some) => [...new Set(some)].sort());
  return { ...it, told, calls, deck, release: releaseOf(deck) };
}

test.concurrent("from the start of a run to its first apply the API server is waited for twice", async (context) => {
  const { release, to, told, calls } = await waiting(context);
  const plan = await changes(release.preview(to("1.4.2"), see()));
  told.during = true;
  await release.run(to("1.4.2"), bound(plan, "b"));
  const first = calls().findIndex((some) => some.includes("apply"));
  expect(calls().slice(0, first)).toEqual([["get", "list"], ["create"]]);
});

test.concurrent("a second look at a plan waits for the API server once, and sees what has changed meanwhile", async (context) => {
  const { release, to, told, calls, kube, namespace } = await waiting(context);
  const plan = await changes(release.preview(to("1.4.2"), see()));
  told.during = true;
  const again = await release.preview(to("1.4.2"), { ...see(), before: plan });
  told.during = false;
  expect(again).toEqual(plan);
  expect(calls()).toEqual([["apply", "create", "get", "list"]]);
  const data = JSON.stringify({ data: { LEVEL: "debug" } });
  await kube.kubectl("patch", "configmap", "web", "-p", data, "-n", namespace);
  const moved = await changes(release.preview(to("1.4.2"), { ...see(), before: plan }));
  expect(moved.seen["ConfigMap/web"]).not.toEqual(plan.seen["ConfigMap/web"]);
  expect(moved.changes).toContainEqual(
    expect.objectContaining({ field: "ConfigMap: LEVEL", from: "debug", to: "info" }),
  );
});
