import { expect, test } from "vitest";
import { parsePlatform } from "../../src/platform/load.ts";

const platform = (web: string): string => `
people: {}
teams: {}
services: {}
environments:
  production:
    cluster: main
    web: ${web}
clusters:
  main: { provider: kubernetes }
`;
const read = (web: string) => parsePlatform("platform.yaml", platform(web));

test("an environment that says nothing about routes and sizes has its defaults", () => {
  expect(read("{}").environments["production"]?.web).toEqual({
    route: { kind: "ingress", annotations: {} },
    database: {
      sizes: {},
      image: "ghcr.io/cloudnative-pg/postgresql:{version}-standard-trixie",
      operator: "cnpg-system",
    },
    monitoring: [],
  });
});

test.each([
  ["{ rout: {} }", "environments.production.web.rout is no setting; did you mean route?"],
  [
    "{ route: { kind: mesh } }",
    "environments.production.web.route.kind must be ingress or gateway.",
  ],
  [
    "{ database: { sizes: { huge: { instances: 3, storage: lots, cpu: 1, memory: 1Gi } } } }",
    "environments.production.web.database.sizes.huge.storage must be an amount: 250m or 0.5 for CPU, 256Mi or 2Gi for memory and storage.",
  ],
  [
    "{ defaults: { replcas: 2 } }",
    "environments.production.web.defaults.replcas is no setting; did you mean replicas?",
  ],
  [
    "{ defaults: { disruption: { maxUnavailable: 0 } } }",
    "environments.production.web.defaults.disruption.maxUnavailable must be at least 1.",
  ],
])("%s is refused: %s", (web, says) => {
  expect(() => read(web)).toThrow(says);
});
