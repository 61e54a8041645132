/** Two services that would have the same names in one namespace, on a real control plane. */
import { expect, test } from "vitest";
import { Moved, Refusal } from "../../../../src/core/refusal.ts";
import type { KubeObject } from "../../../../src/expand/object.ts";
import { adopt as adoptOf } from "../../../../src/providers/kubernetes/carry/adopt.ts";
import type { Deck } from "../../../../src/providers/kubernetes/carry/deck.ts";
import { migrate } from "../../../../src/providers/kubernetes/carry/migrate.ts";
import { release as releaseOf } from "../../../../src/providers/kubernetes/carry/release.ts";
import type { Rendered } from "../../../../src/providers/kubernetes/types.ts";
import { bound, changes, open, see } from "../../drive.ts";
import { rendered, type Stage, spoiled, stage, web } from "../deck.ts";

/** `web` and `shop` both make a ConfigMap `shared`, each with its own content. */
async function rivals(context: Parameters<typeof stage>[0]) {
  const it = await stage(context);
  const { namespace, versions, at } = it;
  const shared = (level: string): KubeObject => ({
    ...{ apiVersion: "v1", kind: "ConfigMap" },
    ...{ metadata: { name: "shared", namespace }, data: { LEVEL: level } },
  });
  versions.set("1.4.1", rendered([...web(namespace, "1.4.1"), shared("web")]));
  versions.set("2.0.0", rendered([...web(namespace, "2.0.0", { name: "shop" }), shared("shop")]));
  const one = { ...at, version: "1.4.1" };
  const other = { service: "shop", environment: at.environment, version: "2.0.0" };
  const level = () =>
    it.kube.kubectl(
      ...["get", "configmap", "shared", "-n", namespace, "-o", "jsonpath={.data.LEVEL}"],
    );
  return { ...it, one, other, level };
}

const planned = (deck: Deck, input: { service: string; environment: string; version: string }) =>
  changes(releaseOf(deck).preview(input, see()));

test.concurrent("of two services that make the same name the second is told at plan time who is making it", async (context) => {
  const { deck, another, one, other, level } = await rivals(context);
  const first = await planned(deck, one);
  let asked: Promise<unknown> | undefined;
  const stopped = another((own) =>
    spoiled(own, async (call, _, object, go) => {
      // When its first object is applied its record is there, and the name is not.
      if (call === "apply" && object?.kind === "ConfigMap" && asked === undefined) {
        asked = planned(deck, other).catch((error: unknown) => error);
        await asked;
      }
      return go();
    }),
  );
  await releaseOf(stopped).run(one, bound(first, "a"));
  expect(await asked).toBeInstanceOf(Refusal);
  expect(String(await asked)).toContain(
    "ConfigMap shared is being made by web in staging right now, with its version 1.4.1: give it another name.",
  );
  await expect(planned(deck, other)).rejects.toThrow("belongs to web in staging");
  expect(await level()).toBe("web");
});

test.concurrent("of two that were both approved the one whose record came first makes it; the other makes nothing", async (context) => {
  const { deck, another, one, other, level, kube, namespace } = await rivals(context);
  const [first, second] = [await planned(deck, one), await planned(deck, other)];
  const both = bothRecords();
  const racing = () =>
    another((own) =>
      spoiled(own, async (call, _, object, go) => {
        const answer = await go();
        if (call === "create" && object?.kind === "Secret") await both.arrive();
        return answer;
      }),
    );
  const ends = await Promise.allSettled([
    releaseOf(racing()).run(one, bound(first, "a")),
    releaseOf(racing()).run(other, bound(second, "b")),
  ]);
  const lost = ends.filter(({ status }) => status === "rejected");
  expect(lost).toHaveLength(1);
  expect(lost[0]).toMatchObject({ reason: expect.any(Refusal) });
  expect(String(Reflect.get(lost[0] ?? {}, "reason"))).toContain("ConfigMap shared is being made");
  const winner = ends[0]?.status === "fulfilled" ? "web" : "shop";
  expect(await level()).toBe(winner);
  const made = await kube.effects({ namespace, user: "shipmate", verb: "patch" });
  const names = made.flatMap(({ resource, name }) => (resource === "secrets" ? [] : [name]));
  expect(new Set(names)).toEqual(new Set([winner, "shared"]));
});

test.concurrent("one that came second and looks late finds what the first one has made, and takes nothing over", async (context) => {
  const { deck, another, one, other, level } = await rivals(context);
  const [first, second] = [await planned(deck, one), await planned(deck, other)];
  const late = another((own) =>
    spoiled(own, async (call, _, object, go) => {
      // Before its record is made it has found the name free.
      if (call === "create" && object?.kind === "Secret")
        await releaseOf(deck).run(one, bound(first, "a"));
      return go();
    }),
  );
  await expect(releaseOf(late).run(other, bound(second, "b"))).rejects.toThrow(
    "ConfigMap shared was made by web meanwhile: give it another name.",
  );
  expect(await level()).toBe("web");
  const [record] = await deck.records.list(deck.spotOf(other), open);
  expect(record, "it claims nothing any more").toMatchObject({ state: "bad" });
});

/** `shop` is released by another Shipmate, and stands before its first apply: its record is there, its names are not. */
function standing({ another, other }: Awaited<ReturnType<typeof rivals>>, plan: Planned) {
  const [there, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const deck = another((own) =>
    spoiled(own, async (call, _, __, carryOn) => {
      if (call === "apply") {
        there.resolve();
        await go.promise;
      }
      return carryOn();
    }),
  );
  const run = releaseOf(deck).run(other, bound(plan, "b"));
  return { there: there.promise, go: go.resolve, run };
}
type Planned = Awaited<ReturnType<typeof planned>>;

test.concurrent("a migration lays nothing that another service is making: before it is approved, and before it is laid", async (context) => {
  const it = await rivals(context);
  const { deck, one, other, level, kube, namespace } = it;
  it.versions.set("1.4.1", migrating(it.versions.get("1.4.1"), namespace));
  const effect = migrate(deck);
  const [plan, second] = [await changes(effect.preview(one, see())), await planned(deck, other)];
  const rival = standing(it, second);
  await rival.there;
  const says =
    "ConfigMap shared is being made by shop in staging right now, with its version 2.0.0";
  await expect(effect.preview(one, see())).rejects.toThrow(says);
  await expect(effect.run(one, bound(plan, "a"))).rejects.toThrow(says);
  expect(await kube.effects({ namespace, resource: "configmaps" })).toEqual([]);
  rival.go();
  await rival.run;
  expect(await level()).toBe("shop");
});

test.concurrent("of a migration that lays a name and a release that makes it, both begun at once, the release goes on", async (context) => {
  const it = await rivals(context);
  const { deck, another, one, other, level, kube, namespace } = it;
  it.versions.set("1.4.1", migrating(it.versions.get("1.4.1"), namespace));
  const plan = await changes(migrate(deck).preview(one, see()));
  const second = await planned(deck, other);
  let rival: ReturnType<typeof standing> | undefined;
  const late = another((own) =>
    spoiled(own, async (call, _, object, go) => {
      // It has found the name free; so does the other one, before it is laid.
      if (call === "apply" && object?.metadata.name === "shared") {
        rival = standing(it, second);
        await rival.there;
      }
      return go();
    }),
  );
  await expect(migrate(late).run(one, bound(plan, "a"))).rejects.toThrow(
    "ConfigMap shared is being made by shop in staging right now",
  );
  expect(await kube.effects({ namespace, resource: "jobs", verb: "create" })).toEqual([]);
  rival?.go();
  await rival?.run;
  expect(await level()).toBe("shop");
});

function migrating(version: Rendered | undefined, namespace: string): Rendered {
  const spec = {
    restartPolicy: "Never",
    containers: [{ name: "migrate", image: "ghcr.io/acme/web:1.4.1" }],
  };
  return rendered(version?.objects ?? [], {
    ...{ apiVersion: "batch/v1", kind: "Job", metadata: { name: "web-migrate", namespace } },
    spec: { backoffLimit: 0, template: { spec } },
  });
}

const byHand = (name: string, labels: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, labels: { ${labels} } }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: ${name}, image: "ghcr.io/acme/web:1.4.1" }] }
`;

test.concurrent("what a service has adopted no other one releases or adopts, though nothing in the cluster says whose it is", async (context) => {
  const it: Stage = await stage(context);
  const { kube, deck, at, namespace, versions } = it;
  await kube.apply(byHand("web", "app.kubernetes.io/instance: shop"), "-n", namespace);
  const shop = { ...at, service: "shop" };
  const adopt = adoptOf(deck);
  const [mine, theirs] = [
    await changes(adopt.preview(at, see())),
    await changes(adopt.preview(shop, see())),
  ];
  await adopt.run(shop, bound(theirs, "a"));
  await expect(adopt.preview(at, see())).rejects.toThrow(
    "Deployment web belongs to shop in staging, which adopted it",
  );
  await expect(adopt.run(at, bound(mine, "b"))).rejects.toThrow(Moved);
  await expect(planned(deck, { ...at, version: "1.4.1" })).rejects.toThrow(
    "Deployment web belongs to shop in staging, which adopted it: give it another name.",
  );
  expect(await kube.effects({ namespace, resource: "deployments", user: "shipmate" })).toEqual([]);

  // Its own next release labels it, and its plan says so.
  versions.set("1.4.2", rendered(web(namespace, "1.4.2")));
  const next = { ...shop, version: "1.4.2" };
  const plan = await planned(deck, next);
  expect(plan.changes).toContainEqual(
    expect.objectContaining({
      field: expect.stringMatching(/label shipmate\.dev\/service$/),
      from: null,
      to: "shop",
    }),
  );
  await releaseOf(deck).run(next, bound(plan, "c"));
  const label = "jsonpath={.metadata.labels.shipmate\\.dev/service}";
  expect(await kube.kubectl("get", "deployment", "web", "-n", namespace, "-o", label)).toBe("shop");
});

/** Comes back to each of two when the other one has come too. */
function bothRecords() {
  let here = 0;
  const all = Promise.withResolvers<void>();
  return {
    arrive: async () => {
      here += 1;
      if (here === 2) all.resolve();
      await all.promise;
    },
  };
}
