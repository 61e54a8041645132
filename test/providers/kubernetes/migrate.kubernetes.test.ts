/** The effect `migrate` and its looks on a real control plane. */
import { expect, test } from "vitest";
import { Moved } from "../../../src/core/refusal.ts";
import type { KubeObject } from "../../../src/expand/object.ts";
import { migrate, migration, takes } from "../../../src/providers/kubernetes/migrate.ts";
import { bound, changes, eventually, open, see } from "../drive.ts";
import { rendered, stage, web } from "./deck.ts";

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

test("a migration runs once for its content, and then the version takes none any more", async (context) => {
  const { to, at, deck, effect, ended, jobs } = await world(context, "1.4.2");
  expect(await takes(deck)({ ...at, version: "1.4.1" }, open)).toEqual({ migration: false });
  expect(await effect.preview({ ...at, version: "1.4.1" }, see())).toEqual({ same: {} });
  expect(await takes(deck)(to, open)).toEqual({ migration: true });
  const plan = await changes(effect.preview(to, see()));
  expect(plan.changes).toEqual([
    { of: "staging/web", field: "migration", from: null, to: "1.4.2" },
  ]);
  expect(plan.undo).toEqual({
    irreversible: "what the migration to 1.4.2 changed in the database stays",
  });
  expect(await effect.find?.(to, "a")).toBe("not done");
  await Promise.all([effect.run(to, bound(plan, "a")), effect.run(to, bound(plan, "a"))]);
  await effect.run(to, bound(plan, "a"));
  expect(await effect.find?.(to, "a")).toEqual({ did: {} });
  expect(await ended()).toEqual({ state: "good", says: "Migrated to 1.4.2.", log: [] });
  expect(await effect.preview(to, see())).toEqual({ same: {} });
  expect(await takes(deck)(to, open)).toEqual({ migration: false });
  expect((await jobs()).map(({ verb }) => verb)).toEqual(["create"]);
});

test("one that fails says how, with its last lines, and another try takes its place", async (context) => {
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
  expect(again.changes).toMatchObject([{ from: "failed", to: "1.4.2" }]);
  await expect(effect.run(to, bound(plan, "b"))).rejects.toThrow(Moved);
  await effect.run(to, bound(again, "c"));
  expect(await effect.find?.(to, "c")).toEqual({ did: {} });
  expect((await jobs()).map(({ verb }) => verb)).toEqual(["create", "delete", "create"]);
});

test("one that is tried again by itself is stuck and says so; one that never ends is late", async (context) => {
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
