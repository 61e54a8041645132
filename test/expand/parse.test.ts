import { expect, test } from "vitest";
import { parseWebService } from "../../src/expand/webservice.ts";
import { data } from "./worlds.ts";

const said = (change: object): string => {
  const spec = { image: "web", ...change };
  try {
    parseWebService(
      { apiVersion: "platform.company.io/v1", kind: "WebService", metadata: { name: "web" }, spec },
      "web.yaml",
    );
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : "";
  }
  return "";
};

test("the manifest that the project started from is right, word for word", () => {
  expect(parseWebService(data("webservice"), "user-api.yaml")).toEqual(data("webservice"));
});

test.each<[object, string]>([
  [{ image: undefined }, "spec.image is missing."],
  [{ replcas: 1 }, "spec.replcas is no setting; did you mean replicas?"],
  [{ replicas: "3" }, "spec.replicas must be a number."],
  [{ replicas: -1 }, "spec.replicas must be at least 0."],
  [{ env: { "a-b": 1 } }, '"a-b" can\'t be a name: use letters, digits and _.'],
  [
    { env: { A: { secret: "a" } } },
    "spec.env.A must be a value, or where it comes from: { secret: name, key: name } or { config: name, key: name }.",
  ],
  [
    { resources: { requests: { memory: "lots" } } },
    "spec.resources.requests.memory must be an amount: 250m or 0.5 for CPU, 256Mi or 2Gi for memory and storage.",
  ],
  [{ database: { type: "mysql" } }, "spec.database.type must be postgresql."],
  [{ ingress: { hots: "a" } }, "spec.ingress.hots is no setting; did you mean host or hosts?"],
  [{ ingress: { host: "A b" } }, "spec.ingress.host must be a host: shop.example.com."],
  [
    { ingress: { host: "a.b", port: "htp" } },
    "spec.ingress.port names no port of the service; did you mean http?",
  ],
  [
    { cron: { a: { schedule: "often" } } },
    'spec.cron.a.schedule must be a schedule: "0 3 * * *" or "@daily".',
  ],
  [
    { disruption: { maxUnavailable: "0%" } },
    "spec.disruption.maxUnavailable must be at least 1 or 1%: none at all would block every drain.",
  ],
  [
    { volumes: { data: { mount: "/d", persistent: true } }, replicas: 1 },
    "spec.volumes.data is persistent and needs a size: 10Gi.",
  ],
  [
    { autoscale: { max: 2 }, replicas: 3 },
    "spec.autoscale.max must be at least 3, the number of replicas.",
  ],
  [
    { network: { from: [{}] } },
    "spec.network.from.0 must name a service, a namespace or both, or else a cidr.",
  ],
  [
    { workers: { a: {} }, cron: { a: { schedule: "@daily" } } },
    "spec.cron.a has the same name as a worker.",
  ],
  [
    { environments: { production: { replicas: -1 } } },
    "spec.environments.production.replicas must be at least 0.",
  ],
])("%j is refused: %s", (change, says) => {
  expect(said(change)).toBe(`Refusal: web.yaml: ${says}`);
});

test("each mistake has a line of its own", () => {
  expect(said({ replicas: "3", port: 0 }).split("\n")).toHaveLength(2);
});
