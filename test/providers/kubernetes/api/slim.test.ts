/** What is kept of an object has what people are told from, and neither secrets nor bookkeeping. */
import { expect, test } from "vitest";
import { slim } from "../../../../src/providers/kubernetes/api/slim.ts";

const container = {
  name: "web",
  image: "ghcr.io/acme/web:1",
  ports: [{ containerPort: 8080 }],
  readinessProbe: { httpGet: { path: "/healthz", port: 8080 } },
  resources: { limits: { memory: "128Mi" } },
};
const whole = { ...container, env: [{ name: "TOKEN", value: "secret" }], args: ["--token=secret"] };
const metadata = {
  name: "web",
  managedFields: [{ manager: "kubectl" }],
  labels: { a: "b" },
  annotations: { "kubectl.kubernetes.io/last-applied-configuration": "secret", mine: "stays" },
};
const kept = { name: "web", labels: { a: "b" }, annotations: { mine: "stays" } };

test("a pod keeps images, ports, probes, resources and all of its status", () => {
  const status = { phase: "Running", containerStatuses: [{ name: "web", ready: true }] };
  const spec = { nodeName: "n", containers: [whole], initContainers: [whole], volumes: [] };
  expect(slim({ apiVersion: "v1", kind: "Pod", metadata, spec, status })).toEqual({
    ...{ apiVersion: "v1", kind: "Pod", metadata: kept, status },
    spec: { nodeName: "n", containers: [container], initContainers: [container] },
  });
});

test("so does a pod template, whatever holds it", () => {
  const template = { metadata: { labels: { a: "b" } }, spec: { containers: [whole], volumes: [] } };
  const spec = { replicas: 2, template };
  expect(slim({ apiVersion: "apps/v1", kind: "Deployment", metadata, spec })).toEqual({
    ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: kept },
    spec: { replicas: 2, template: { ...template, spec: { containers: [container] } } },
  });
});

test("what has no spec or annotations stays as it is", () => {
  const event = { apiVersion: "v1", kind: "Event", metadata: { name: "e" }, message: "x" };
  expect(slim(event)).toEqual(event);
});
