/** Where a service answers. */
import { expect, test } from "vitest";
import type { KubeObject } from "../../../src/expand/object.ts";
import { addressOf } from "../../../src/providers/kubernetes/url.ts";

const metadata = { name: "web", namespace: "staging" };
const ingress = (spec: Record<string, unknown>) =>
  ({ apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata, spec }) as KubeObject;
const service = (type: string, port: number, at?: object) =>
  ({
    ...{ apiVersion: "v1", kind: "Service", metadata },
    spec: { type, ports: [{ port }] },
    ...(at && { status: { loadBalancer: { ingress: [at] } } }),
  }) as unknown as KubeObject;

test("an Ingress tells the host, encrypted where its certificate covers it", () => {
  const rules = [{ host: "web.example.com" }];
  expect(addressOf([ingress({ rules })])).toBe("http://web.example.com");
  const tls = [{ hosts: ["web.example.com"] }];
  expect(addressOf([ingress({ rules, tls })])).toBe("https://web.example.com");
  const deep = [{ host: "example.com", http: { paths: [{ path: "/web" }] } }];
  expect(addressOf([ingress({ rules: deep, tls })])).toBe("http://example.com/web");
});

test("a host that stands for many, or for none, is no address", () => {
  expect(addressOf([ingress({ rules: [{ host: "*.example.com" }] })])).toBeNull();
  expect(addressOf([ingress({ rules: [{}] })])).toBeNull();
  expect(addressOf([])).toBeNull();
});

test("a route tells its first host, and goes before a balancer", () => {
  const route = {
    ...{ apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute", metadata },
    spec: { hostnames: ["web.example.com"] },
  };
  const balancer = service("LoadBalancer", 80, { ip: "203.0.113.7" });
  expect(addressOf([balancer, route])).toBe("https://web.example.com");
});

test("a balancer tells its address once it has one, with a port that is not the usual one", () => {
  expect(addressOf([service("LoadBalancer", 80)])).toBeNull();
  expect(addressOf([service("ClusterIP", 80, { ip: "203.0.113.7" })])).toBeNull();
  expect(addressOf([service("LoadBalancer", 80, { ip: "203.0.113.7" })])).toBe(
    "http://203.0.113.7",
  );
  expect(addressOf([service("LoadBalancer", 443, { hostname: "lb.example.com" })])).toBe(
    "https://lb.example.com",
  );
  expect(addressOf([service("LoadBalancer", 8080, { ip: "2001:db8::1" })])).toBe(
    "http://[2001:db8::1]:8080",
  );
});
