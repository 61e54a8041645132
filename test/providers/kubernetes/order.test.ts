import { expect, test } from "vitest";
import type { KubeObject } from "../../../src/expand/object.ts";
import { backwards, inOrder, nameOf } from "../../../src/providers/kubernetes/order.ts";

const object = (apiVersion: string, kind: string): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: "web" },
});

test("what others need is applied first and deleted last", () => {
  const sorted = [
    object("v1", "Namespace"),
    object("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    object("v1", "ServiceAccount"),
    object("rbac.authorization.k8s.io/v1", "RoleBinding"),
    object("v1", "ConfigMap"),
    object("v1", "PersistentVolumeClaim"),
    object("postgresql.cnpg.io/v1", "Cluster"),
    object("v1", "Service"),
    object("apps/v1", "Deployment"),
    object("autoscaling/v2", "HorizontalPodAutoscaler"),
    object("networking.k8s.io/v1", "Ingress"),
  ];
  const mixed = sorted.toSorted((a, b) => (a.kind < b.kind ? -1 : 1));
  expect(inOrder(mixed)).toEqual(sorted);
  const refs = mixed.map(({ apiVersion, kind }) => ({ apiVersion, kind, name: "web" }));
  expect(backwards(refs).map(({ kind }) => kind)).toEqual(
    sorted.map(({ kind }) => kind).toReversed(),
  );
});

test("a kind that somebody else named like one of Kubernetes' own is another name, and comes with the custom ones", () => {
  const custom = object("serving.knative.dev/v1", "Service");
  expect([nameOf(custom), nameOf(object("v1", "Service"))]).toEqual([
    "Service.serving.knative.dev/web",
    "Service/web",
  ]);
  expect(nameOf({ apiVersion: "networking.k8s.io/v1", kind: "Ingress", name: "a" })).toBe(
    "Ingress/a",
  );
  expect(inOrder([object("v1", "Service"), custom])[0]).toBe(custom);
});
