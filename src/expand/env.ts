/** Environment variables: what the service is told by itself, of its database, and by its manifest. */
import type { Json } from "../core/operation.ts";
import type { WebSpec } from "../platform/web-spec.ts";
import { databaseName } from "./database.ts";
import type { Web } from "./web.ts";

type Values = WebSpec["env"];
type From = WebSpec["envFrom"];

/** In the order in which they may refer to each other; a later word for the same name goes before an earlier one. */
export function environment(web: Web, ...layers: readonly (Values | undefined)[]): readonly Json[] {
  const own: Values = Object.assign({}, database(web), ...layers);
  return Object.entries(own).map(([name, value]) => ({ name, ...source(value) }));
}

/** Keys of the Secret that CloudNativePG keeps for the application. */
const keys = {
  DATABASE_URL: "uri",
  PGHOST: "host",
  PGPORT: "port",
  PGDATABASE: "dbname",
  PGUSER: "username",
  PGPASSWORD: "password",
} as const;

function database(web: Web): Values {
  if (web.spec.database?.enabled !== true) return {};
  const secret = `${databaseName(web)}-app`;
  return Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, { secret, key }]));
}

function source(value: Values[string]): { readonly [field: string]: Json } {
  if (typeof value !== "object") return { value: String(value) };
  if ("field" in value) return { valueFrom: { fieldRef: { fieldPath: value.field } } };
  const { key, optional } = value;
  if ("secret" in value)
    return { valueFrom: { secretKeyRef: { name: value.secret, key, optional } } };
  return { valueFrom: { configMapKeyRef: { name: value.config, key, optional } } };
}

/** Whole Secrets and ConfigMaps. */
export const environmentFrom = (from: From): readonly Json[] =>
  from.map(({ secret, config, prefix }) => ({
    prefix,
    secretRef: secret === undefined ? undefined : { name: secret },
    configMapRef: config === undefined ? undefined : { name: config },
  }));
