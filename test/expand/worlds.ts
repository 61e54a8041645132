/** Two environments and two manifests to expand in tests. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { parseWebService, type WebService } from "../../src/expand/webservice.ts";
import { Expansion } from "../../src/platform/expansion.ts";

export const data = (sample: string): unknown =>
  parse(readFileSync(new URL(`samples/${sample}.yaml`, import.meta.url), "utf8"));

/** The manifest that the project started from, and one that uses every field. */
export const samples = {
  "user-api": (): WebService => parseWebService(data("webservice"), "user-api.yaml"),
  shop: (): WebService => parseWebService(data("everything"), "shop.yaml"),
} as const;

export const worlds = {
  staging: Expansion.parse({
    route: {
      class: "nginx",
      host: "{service}.staging.example.com",
      tls: { issuer: "letsencrypt" },
      namespaces: ["traefik"],
    },
  }),
  production: Expansion.parse({
    route: {
      kind: "gateway",
      gateway: { name: "public", namespace: "gateways", listener: "https" },
      namespaces: ["gateways"],
    },
    database: {
      sizes: { small: { instances: 2, storage: "20Gi", cpu: 1, memory: "2Gi" } },
      storageClass: "standard",
      operator: "databases",
    },
    monitoring: ["monitoring"],
    defaults: { disruption: { maxUnavailable: 1 }, labels: { "example.com/tier": "gold" } },
  }),
} as const;

export const at = (service: string, environment: keyof typeof worlds, version = "1.4.2") => ({
  service,
  environment,
  namespace: environment,
  version,
  settings: worlds[environment],
});
