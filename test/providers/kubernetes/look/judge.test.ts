/** What of a judgement needs no cluster. */
import { expect, test } from "vitest";
import type { Json } from "../../../../src/core/operation.ts";
import { type KubeObject, marks } from "../../../../src/expand/object.ts";
import { judge, rounded } from "../../../../src/providers/kubernetes/look/judge.ts";
import type { Release, Spot, Watched } from "../../../../src/providers/kubernetes/types.ts";
import { open } from "../../drive.ts";

test("a countdown is told in a few steps, and never as less than is left", () => {
  const told = Array.from({ length: 90_000 }, (_, i) => rounded(90_000 - i));
  expect([...new Set(told)]).toEqual([120, 60, 40, 30, 20, 10, 5]);
  expect(told.every((seconds, i) => seconds * 1_000 >= 90_000 - i)).toBe(true);
});

test("a node that falls silent does not take a version back, however long; one that does not start goes back", async () => {
  const silent = { running: { startedAt: iso(0) } };
  const crashed = { terminated: { exitCode: 1, startedAt: iso(0), finishedAt: iso(1) } };
  const [node, crash] = [await judged(silent, true, 3_600), await judged(crashed, false, 3_600)];
  expect(node).toMatchObject({
    state: "going",
    says: "Its node node-1 does not answer (1 of 2 pods). Kubernetes starts its pods elsewhere after some five minutes.",
  });
  expect(node?.stuck).toBeUndefined();
  expect(crash).toMatchObject({
    state: "bad",
    says: expect.stringContaining("exited with code 1"),
  });
});

test("patience counts from when the cluster was last silent", async () => {
  const crashed = { terminated: { exitCode: 1, startedAt: iso(0), finishedAt: iso(1) } };
  expect(await judged(crashed, false, 3_600, 3_590)).toMatchObject({ state: "going", stuck: true });
  expect(await judged(crashed, false, 3_600, 3_500)).toMatchObject({ state: "bad" });
});

const began = Date.parse("2026-11-21T16:19:39Z");
const iso = (seconds: number) => new Date(began + seconds * 1_000).toISOString();

/** Of a release with one pod, so many seconds after it, with a patience of 60 s; silent until `silentUntil`. */
async function judged(state: Json, ready: boolean, after: number, silentUntil?: number) {
  let now = began;
  let stale = silentUntil !== undefined;
  const release: Release = {
    ...{ number: 1, version: "1.5.0", key: "key", at: began, state: "going", pins: {}, url: null },
    inventory: [{ apiVersion: "apps/v1", kind: "StatefulSet", name: "web", namespace: "prod" }],
  };
  const there: { readonly [kind: string]: readonly KubeObject[] } = {
    StatefulSet: [
      {
        ...{ apiVersion: "apps/v1", kind: "StatefulSet" },
        spec: { replicas: 2, updateStrategy: { type: "RollingUpdate" } },
        metadata: { name: "web", uid: "set", annotations: { [marks.release]: "1" } },
        status: { replicas: 1, updatedReplicas: 1, updateRevision: "new" },
      },
    ],
    Pod: [
      {
        ...{ apiVersion: "v1", kind: "Pod" },
        metadata: {
          ...{ name: "web-0", uid: "pod", creationTimestamp: iso(0) },
          labels: { "controller-revision-hash": "new" },
          ownerReferences: [{ uid: "set", controller: true }],
        },
        spec: { nodeName: "node-1", containers: [{ name: "web", image: "web:1.5.0" }] },
        status: {
          phase: "Running",
          conditions: [{ type: "Ready", status: "False", lastTransitionTime: iso(1) }],
          containerStatuses: [{ name: "web", ready, restartCount: 0, state }],
        },
      },
    ],
  };
  const watched: Watched = {
    read: async (kind) => there[kind] ?? [],
    stale: () => (stale ? { since: began, why: "the cluster is away" } : undefined),
  };
  const spot = {
    ...{ service: "web", environment: "production", namespace: "prod", watched },
    own: { name: "prod" },
  } as unknown as Spot;
  const look = judge({
    spotOf: () => spot,
    records: { newest: async () => release, mark: async () => {} } as never,
    patience: () => 60_000,
    now: () => now,
  });
  if (silentUntil !== undefined) {
    now = began + silentUntil * 1_000;
    expect(await look(spot, open)).toMatchObject({
      says: expect.stringMatching(/^The cluster prod has not answered/),
    });
    stale = false;
  }
  now = began + after * 1_000;
  return look(spot, open);
}
