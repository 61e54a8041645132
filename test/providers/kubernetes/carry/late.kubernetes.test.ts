/** A release whose version an earlier operation of the same change makes, through the engine, on a real control plane. */
import { defineWorkflow, from } from "shipmate";
import { expect, test } from "vitest";
import { z } from "zod";
import { effect, role } from "../../../../src/core/role.ts";
import { serve } from "../../../../src/engine/operations.ts";
import type { KubeObject } from "../../../../src/expand/object.ts";
import { release } from "../../../../src/providers/kubernetes/carry/release.ts";
import { remove } from "../../../../src/providers/kubernetes/carry/remove.ts";
import { clusters } from "../../../../src/roles/clusters.ts";
import { memoryDatabase } from "../../../databases.ts";
import { openRig } from "../../../engine/rig.ts";
import { changes, see } from "../../drive.ts";
import { rendered, stage, web } from "../deck.ts";

const builds = role("builds", {
  build: effect({
    input: z.object({}),
    result: z.object({ version: z.string() }),
    on: () => ["staging/builds"],
    says: () => "build web",
  }),
});

/** Builds web and releases what came of it, whose name nobody knew. */
async function builtAs(context: Parameters<typeof stage>[0], version: string) {
  const it = await stage(context);
  const database = await memoryDatabase();
  context.onTestFinished(() => database.close());
  const live = await openRig(database);
  const workflow = defineWorkflow({
    name: "ship",
    input: z.object({}),
    title: () => "Ship",
    async run(step) {
      const built = builds.build({});
      const what = { ...it.at, version: from(built, "version") };
      await step.change("ship it", [built, clusters.release(what)]);
    },
  });
  const building = {
    build: {
      preview: async () => ({
        changes: [{ of: "web", from: null, to: "an image" }] as const,
        ...{ seen: {}, will: {}, undo: [] },
      }),
      run: async () => ({ version }),
    },
  };
  const faces = { release: release(it.deck), remove: remove(it.deck) };
  const ship = () =>
    live({
      name: "late",
      begin: [{ workflow, input: {} }],
      human: async () => false,
      serves: () => [serve(builds, "builder", building), serve(clusters, "prod", faces as never)],
      check() {},
    });
  const image = (path = "{.spec.template.spec.containers[0].image}") =>
    it.kube.kubectl("get", "deployment/web", "-n", it.namespace, "-o", `jsonpath=${path}`);
  return { ...it, ship, image };
}

test.concurrent("a version that is known only after is released with all that it brings", async (context) => {
  const { deck, at, namespace, ship, image, kube, versions } = await builtAs(context, "1.4.2");
  const built = { ...see<{ url: string | null }>(), planned: () => undefined };
  const version = from(builds.build({}), "version");
  const plan = await changes(release(deck).preview({ ...at, version }, built));
  expect(plan.changes).toEqual([
    { of: "staging/web", field: "version", from: null, to: version },
    { of: "staging/web", from: null, to: version },
  ]);
  const ended = await ship();
  expect(ended.state, ended.says ?? "").toBe("succeeded");
  expect(await image()).toBe("ghcr.io/acme/web:1.4.2");

  const [, ...fewer] = web(namespace, "1.4.2");
  versions.set("1.4.2", rendered(fewer));
  await kube.kubectl("scale", "deployment/web", "--replicas=3", "-n", namespace);
  const again = await ship();
  expect(again.state, again.says ?? "").toBe("succeeded");
  expect(await image("{.spec.replicas}")).toBe("1");
  const left = await kube.kubectl("get", "configmap", "-n", namespace, "-o", "name");
  expect(left.trim()).toBe("configmap/kube-root-ca.crt");
});

test.concurrent("what the API server would refuse of it is refused before anything is applied", async (context) => {
  const { ship, kube, namespace, versions } = await builtAs(context, "1.4.2");
  const [config, service, deployment] = web(namespace, "1.4.2");
  const bad = { ...deployment, spec: { ...(deployment?.["spec"] as object), replicas: -1 } };
  versions.set("1.4.2", rendered([config, service, bad] as KubeObject[]));
  const ended = await ship();
  expect(ended.state).toBe("taken back");
  expect(await kube.effects({ namespace, user: "shipmate" })).toEqual([]);
});
