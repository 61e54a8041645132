import { expect, test } from "vitest";
import type { KubeObject } from "../../../../src/expand/object.ts";
import {
  managerText,
  ownersOf,
  pathIn,
  touches,
} from "../../../../src/providers/kubernetes/plan/owners.ts";

const object = (managedFields?: object[]): KubeObject =>
  ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", annotations: { "a.example/b": "1", a: "2" }, managedFields },
    spec: {
      replicas: 2,
      args: ["x"],
      ports: [
        { port: 53, protocol: "UDP" },
        { port: 53, protocol: "TCP" },
      ],
      containers: [{ name: "a]b", image: "1" }],
    },
  }) as KubeObject;

test.each([
  [".spec.replicas", ["spec", "replicas"]],
  [".metadata.annotations.a.example/b", ["metadata", "annotations", "a.example/b"]],
  [".metadata.annotations.a", ["metadata", "annotations", "a"]],
  ['.spec.containers[name="a]b"].image', ["spec", "containers", "[a]b]", "image"]],
  ['.spec.ports[port=53,protocol="TCP"].port', ["spec", "ports", "[53 TCP]", "port"]],
  [".spec.args[0]", ["spec", "args", "[0]"]],
  ['.spec.containers[name="gone"].image', ["spec", "containers"]],
  [".nonesuch", undefined],
])("the API server's %s is found in the object", (field, path) => {
  expect(pathIn(object(), field)).toEqual(path);
});

test("who set what is read from the object, and what is not there any more left out", () => {
  const fieldsV1 = {
    "f:spec": {
      "f:replicas": {},
      "f:gone": {},
      "f:containers": { 'k:{"name":"a]b"}': { ".": {}, "f:image": {} } },
      "f:args": { "i:0": {} },
    },
  };
  const entry = { manager: "kubectl", operation: "Update", time: "2026-01-01T00:00:00Z", fieldsV1 };
  expect(ownersOf(object([entry]))).toEqual([
    {
      ...{ manager: "kubectl", operation: "Update", subresource: undefined, time: entry.time },
      paths: [
        ["spec", "replicas"],
        ["spec", "containers", "[a]b]", "image"],
        ["spec", "args", "[0]"],
      ],
    },
  ]);
  expect(ownersOf(object())).toEqual([]);
});

test("one path touches another that it holds, and none beside it", () => {
  expect(touches(["a"], ["a", "b"])).toBe(true);
  expect(touches(["a", "b"], ["a"])).toBe(true);
  expect(touches(["a", "b"], ["a", "c"])).toBe(false);
});

test("managers are named as people know them, plainly", () => {
  const names = [
    "kubectl-client-side-apply",
    "kubectl-edit",
    "argocd-controller",
    "x\u001b[31m\u202ey",
    "kubectlx",
  ];
  expect(names.map((name) => managerText(name))).toEqual([
    "kubectl",
    "kubectl",
    "Argo CD",
    "xy",
    "kubectlx",
  ]);
  expect(managerText("kube-controller-manager", "scale")).toBe("the autoscaler");
});
