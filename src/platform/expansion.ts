/** What an environment says about the objects that a short manifest becomes there: routes, sizes, defaults. */
import { z } from "zod";
import { Quantity } from "./web-forms.ts";
import { WebOverrides } from "./web-spec.ts";

const name = z.string().min(1);

/** What a database's size means. */
export const DatabaseSize = z.strictObject({
  instances: z.int().min(1).max(9),
  storage: Quantity,
  cpu: Quantity,
  memory: Quantity,
});
/** How requests from outside come in. */
export const Route = z.strictObject({
  /** `ingress`: an Ingress; `gateway`: an HTTPRoute. */
  kind: z.enum(["ingress", "gateway"]).default("ingress"),
  /** IngressClass; unset: the cluster's default. */
  class: name.optional(),
  /** The Gateway of HTTPRoutes. */
  gateway: z
    .strictObject({ name, namespace: name.optional(), listener: name.optional() })
    .optional(),
  /** Where a manifest names no host for this environment: `{service}.staging.example.com`. */
  host: name.optional(),
  /** Ingresses get a certificate. */
  tls: z.strictObject({ issuer: name.optional(), secret: name.optional() }).optional(),
  annotations: z.record(name, z.string()).default({}),
  /** Where the controller or Gateway runs: only from there requests get in. Unset: from every namespace. */
  namespaces: z.array(name).optional(),
});
export const Databases = z.strictObject({
  /** Added to small, medium and large, or instead of them. */
  sizes: z.record(name, DatabaseSize).default({}),
  storageClass: name.optional(),
  /** `{version}` stands for PostgreSQL's major version. */
  image: name.default("ghcr.io/cloudnative-pg/postgresql:{version}-standard-trixie"),
  /** The namespace of CloudNativePG's operator. */
  operator: name.default("cnpg-system"),
});
export const Expansion = z.strictObject({
  route: Route.prefault({}),
  database: Databases.prefault({}),
  /** Namespaces that may read metrics from every port. */
  monitoring: z.array(name).default([]),
  /** For every service here; a manifest's own word goes before it. */
  defaults: WebOverrides.optional(),
});
export type Expansion = z.output<typeof Expansion>;
