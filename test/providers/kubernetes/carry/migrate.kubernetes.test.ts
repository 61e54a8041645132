/** The effect `migrate` and its looks on a real control plane. */
import { describe, expect, test } from "vitest";
import { Moved } from "../../../../src/core/refusal.ts";
import type { KubeObject } from "../../../../src/expand/object.ts";
import { migrate, migration, takes } from "../../../../src/providers/kubernetes/carry/migrate.ts";
import { release } from "../../../../src/providers/kubernetes/carry/release.ts";
import { remove } from "../../../../src/providers/kubernetes/carry/remove.ts";
import { leaveOut } from "../../../servers.ts";
import { bound, changes, eventually, open, see } from "../../drive.ts";
import { rendered, spoiled, stage, web } from "../deck.ts";

const job = (namespace: string, tag: string, more: object = {}): KubeObject => ({
  ...{ apiVersion: "batch/v1", kind: "Job", metadata: { name: "web-migrate", namespace } },
  spec: {
    ...{ backoffLimit: 0, ...more },
    template: {
      spec: {
        restartPolicy: "Never",
        containers: [{ name: "migrate", image: `ghcr.io/acme/web:${tag}` }],
      },
    },
  },
});

/** What is to be made, without what each brings. */
const comingIn = ({ changes: all }: Awaited<ReturnType<typeof changes>>) =>
  all.flatMap(({ field }) => (field?.includes(": ") ? [] : [field])).toSorted();

async function world(context: Parameters<typeof stage>[0], tag: string, more?: object) {
  const it = await stage(context);
  const { deck, at, namespace, versions } = it;
  versions.set("1.4.2", rendered(web(namespace, "1.4.2"), job(namespace, tag, more)));
  const to = { ...at, version: "1.4.2" };
  const ended = () =>
    eventually(
      () => migration(deck)(to, open),
      ({ state }) => state !== "going",
    );
  const jobs = () => it.kube.effects({ namespace, resource: "jobs", user: "shipmate" });
  return { ...it, to, ended, jobs, effect: migrate(deck) };
}

test.concurrent("a migration runs once for its content, and then the version takes none any more", async (context) => {
  const { to, at, deck, effect, ended, jobs } = await world(context, "1.4.2");
  expect(await takes(deck)({ ...at, version: "1.4.1" }, open)).toEqual({ migration: false });
  expect(await effect.preview({ ...at, version: "1.4.1" }, see())).toEqual({ same: {} });
  expect(await takes(deck)(to, open)).toEqual({ migration: true });
  const plan = await changes(effect.preview(to, see()));
  expect(plan.changes).toMatchObject([
    { of: "staging/web", field: "migration", from: null, to: "1.4.2" },
    { of: "staging/web", field: "ConfigMap web", from: null },
    { of: "staging/web", field: "ConfigMap: LEVEL", from: null, to: "info" },
    { field: "migration: image", from: null, to: "ghcr.io/acme/web:1.4.2 (not pinned)" },
  ]);
  expect(await effect.find?.(to, "a")).toBe("not done");
  await Promise.all([effect.run(to, bound(plan, "a")), effect.run(to, bound(plan, "a"))]);
  await effect.run(to, bound(plan, "a"));
  expect(await effect.find?.(to, "a")).toEqual({ did: {} });
  expect(await ended()).toEqual({ state: "good", says: "Migrated to 1.4.2.", log: [] });
  expect(await effect.preview(to, see())).toEqual({ same: {} });
  expect(await takes(deck)(to, open)).toEqual({ migration: false });
  expect((await jobs()).map(({ verb }) => verb)).toEqual(["create"]);
});

test.concurrent("what is run is what was approved to the last field, beside the pods too", async (context) => {
  const { to, effect, jobs, namespace, versions } = await world(context, "1.4.2");
  const plan = await changes(effect.preview(to, see()));
  const other = job(namespace, "1.4.2");
  const annotations = { "example.com/run-as": "somebody-else" };
  const metadata = { ...other.metadata, annotations };
  versions.set("1.4.2", rendered(web(namespace, "1.4.2"), { ...other, metadata }));
  await expect(effect.run(to, bound(plan, "a"))).rejects.toThrow(Moved);
  expect(await jobs()).toEqual([]);
});

test.concurrent("one that fails says how, with its last lines, and another try takes its place", async (context) => {
  const { to, deck, effect, ended, jobs } = await world(context, "1.4.2-fail");
  const plan = await changes(effect.preview(to, see()));
  await effect.run(to, bound(plan, "a"));
  const bad = await ended();
  expect(bad).toMatchObject({
    state: "bad",
    says: "The migration to 1.4.2 failed: it exited with code 1.",
  });
  expect(bad.log.length).toBeGreaterThan(0);
  expect(await takes(deck)(to, open)).toEqual({ migration: true });
  const again = await changes(effect.preview(to, see()));
  expect(again.changes).toMatchObject([
    { from: "failed", to: "1.4.2" },
    { field: "migration: image" },
  ]);
  await expect(effect.run(to, bound(plan, "b"))).rejects.toThrow(Moved);
  await effect.run(to, bound(again, "c"));
  expect(await effect.find?.(to, "c")).toEqual({ did: {} });
  expect((await jobs()).map(({ verb }) => verb)).toEqual(["create", "delete", "create"]);
});

test.concurrent("one that is tried again by itself is stuck and says so; one that never ends is late", async (context) => {
  const { to, deck, effect } = await world(context, "1.4.2-fail", { backoffLimit: 3 });
  await effect.run(to, bound(await changes(effect.preview(to, see())), "a"));
  const stuck = await eventually(
    () => migration(deck)(to, open),
    (progress) => progress.stuck === true,
  );
  expect(stuck.says).toMatch(
    /^The migration to 1.4.2 failed once(: it exited with code 1)?\. It is tried again\.$/,
  );
  const late = await world(context, "1.4.2-hang", { activeDeadlineSeconds: 2 });
  await late.effect.run(late.to, bound(await changes(late.effect.preview(late.to, see())), "a"));
  expect(await late.ended()).toMatchObject({
    state: "bad",
    says: "The migration to 1.4.2 failed: it did not end in 2 s.",
  });
});

describe.concurrent("what a migration needs of its version", () => {
  test.concurrent("is laid before it, under a plan that names nothing twice, and the release goes on from there", async (context) => {
    const { kube, deck, to, effect, ended, namespace } = await needy(context, "1.4.2");
    const plan = await changes(effect.preview(to, see()));
    expect(comingIn(plan)).toEqual([
      ...["ConfigMap web", "ServiceAccount web", "database web-db", "migration"],
    ]);
    expect(plan.undo).toMatchObject([{ op: "clusters.remove" }]);
    expect(plan.stays).toBe(
      "database web-db with its data and what the migration to 1.4.2 changed in the database",
    );
    const planned = (name: string) => plan.will[name];
    const next = await changes(release(deck).preview(to, { ...see(), planned }));
    expect(comingIn(next)).toEqual(["Deployment web", "Service web", "image", "version"]);
    expect(Object.keys(next.seen).toSorted()).toEqual([
      ...["Deployment/web", "Service/web", "staging/web"],
    ]);
    const both = { ...see<{ url: string | null }>(), planned };
    expect(await release(deck).preview(to, both)).toEqual(next);

    await Promise.all([effect.run(to, bound(plan, "a")), effect.run(to, bound(plan, "a"))]);
    expect(await ended()).toMatchObject({ state: "good" });
    await release(deck).run(to, bound(next, "b"));
    const laid = ["get", "cm,sa,clusters.postgresql.cnpg.io", "-n", namespace];
    const still = await kube.kubectl(...laid, "-l", "shipmate.dev/laid", "-o", "name");
    expect(still, "all of it is the release's now").toBe("");
    expect(await kube.effects({ namespace, resource: "configmaps" })).toHaveLength(2);
    const after = await changes(remove(deck).preview(to, see()));
    expect(after.changes.map(({ field }) => field)).toContain("ServiceAccount web");
  });

  test.concurrent("is taken back with a first version that did not come, but for its database", async (context) => {
    const { kube, deck, to, effect, ended, namespace } = await needy(context, "1.4.2-fail");
    const plan = await changes(effect.preview(to, see()));
    expect(await remove(deck).preview(to, see())).toEqual({ same: {} });
    await effect.run(to, bound(plan, "a"));
    expect(await ended()).toMatchObject({ state: "bad" });
    const away = await changes(remove(deck).preview(to, see()));
    expect(away.changes).toMatchObject([
      { field: "ConfigMap web", to: null },
      { field: "ServiceAccount web", to: null },
      { field: "database web-db", to: "stays with its data, until it is deleted by hand" },
    ]);
    await remove(deck).run(to, bound(away, "b"));
    expect(await remove(deck).preview(to, see())).toEqual({ same: {} });
    const left = ["get", "cm,sa,jobs,clusters.postgresql.cnpg.io", "-n", namespace, "-o", "name"];
    expect((await kube.kubectl(...left)).trim().split("\n")).toEqual([
      ...["configmap/kube-root-ca.crt", "serviceaccount/default"],
      "cluster.postgresql.cnpg.io/web-db",
    ]);
  });

  test.concurrent("is not laid where somebody made it meanwhile, and one that began to lay it goes on", async (context) => {
    const { kube, deck, at, to, another, namespace } = await needy(context, "1.4.2");
    const plan = await changes(migrate(deck).preview(to, see()));
    await kube.kubectl("create", "configmap", "web", "-n", namespace);
    await expect(migrate(deck).run(to, bound(plan, "a"))).rejects.toThrow(
      "ConfigMap web was created since this was planned.",
    );
    const jobs = { namespace, resource: "jobs" };
    expect(await kube.effects({ ...jobs })).toEqual([]);
    await kube.kubectl("delete", "configmap", "web", "-n", namespace);
    const cut = another((cluster) =>
      spoiled(cluster, async (call, _, object, go) => {
        if (call === "apply" && object?.kind === "Cluster") throw new Error("the line was cut");
        return go();
      }),
    );
    await expect(migrate(cut).run(to, bound(plan, "a"))).rejects.toThrow();
    expect(await migrate(deck).find?.(to, "a")).toBe("not done");
    await migrate(deck).run(to, bound(plan, "a"));
    expect(await kube.effects({ ...jobs, verb: "create", user: "shipmate" })).toHaveLength(1);
    expect(at.service).toBe("web");
  });

  test.concurrent("comes with the namespace, where that is missing too", async (context) => {
    const { kube, deck, to, effect, namespace } = await needy(context, "1.4.2");
    await kube.kubectl("delete", "namespace", namespace);
    const plan = await changes(effect.preview(to, see()));
    expect(plan.changes.map(({ field }) => field)).toContain(`Namespace ${namespace}`);
    const planned = (name: string) => plan.will[name];
    const next = await changes(release(deck).preview(to, { ...see(), planned }));
    expect(next.changes.map(({ field }) => field)).not.toContain(`Namespace ${namespace}`);
    await effect.run(to, bound(plan, "a"));
    await release(deck).run(to, bound(next, "b"));
    expect(await kube.kubectl("get", "deployment", "-n", namespace, "-o", "name")).toContain("web");
  });
});

/** A first version whose migration reads a Secret that its database makes, as an account that the version brings. */
async function needy(context: Parameters<typeof stage>[0], tag: string) {
  const it = await world(context, tag);
  const { kube, namespace, versions } = it;
  const folder = process.env["SHIPMATE_TEST_KUBE"];
  if (folder === undefined) leaveOut(context, "definitions of others (SHIPMATE_TEST_KUBE)");
  const crd = `${folder}/../samples/crds/cloudnative-pg/postgresql.cnpg.io_clusters.yaml`;
  await kube.kubectl("apply", "--server-side", "--force-conflicts", "-f", crd);
  const crds = ["get", "crd", "clusters.postgresql.cnpg.io"];
  const known = () => kube.kubectl(...crds, "-o", "jsonpath={.status.conditions[*].status}");
  await eventually(known, (all) => all === "True True");
  const migration = job(namespace, tag);
  const spec = {
    restartPolicy: "Never",
    serviceAccountName: "web",
    containers: [
      {
        ...{ name: "migrate", image: `ghcr.io/acme/web:${tag}` },
        envFrom: [{ secretRef: { name: "web-db-app" } }, { configMapRef: { name: "web" } }],
      },
    ],
  };
  const metadata = { name: "web", namespace };
  versions.set(
    "1.4.2",
    rendered(
      [
        ...web(namespace, "1.4.2"),
        { apiVersion: "v1", kind: "ServiceAccount", metadata },
        {
          ...{ apiVersion: "postgresql.cnpg.io/v1", kind: "Cluster" },
          metadata: { name: "web-db", namespace },
          spec: { instances: 1, storage: { size: "1Gi" } },
        },
      ],
      { ...migration, spec: { ...(migration["spec"] as object), template: { spec } } },
    ),
  );
  return it;
}
