/** The schema of a WebService in the forms that ship: for editors, and for the cluster as a custom resource. */
import { stringify } from "yaml";
import { z } from "zod";
import { WebService } from "./parse.ts";

/** A JSON Schema, as far as it is read here. */
export interface Schema {
  readonly [keyword: string]: unknown;
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly required?: readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
}

/** The files that hold it, from the project's folder on, with their text. */
export function schemaFiles(): Readonly<Record<string, string>> {
  return {
    "manifests/schema/webservice.json": `${JSON.stringify(editorSchema("ref"), null, 2)}\n`,
    "manifests/deploy/crds/webservice.yaml": `# Made from the schema in src/platform/web-spec.ts.\n${stringify(crd(), { lineWidth: 0, aliasDuplicateObjects: false })}`,
  };
}

/** What editors complete and check with. `reused`: whether parts that repeat are written once (`ref`). */
export function editorSchema(reused: "inline" | "ref" = "inline"): Schema {
  const schema = z.toJSONSchema(WebService, { io: "input", target: "draft-7", reused }) as Schema;
  return { title: "WebService", description: "A service in few words.", ...schema };
}

/** The custom resource: the same as the API server wants it, without defaults, for they would hide an environment's own. */
export function crd(): Readonly<Record<string, unknown>> {
  const { spec = {} } = editorSchema().properties ?? {};
  const column = (name: string, type: string, jsonPath: string) => ({ name, type, jsonPath });
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "webservices.platform.company.io" },
    spec: {
      group: "platform.company.io",
      names: {
        kind: "WebService",
        listKind: "WebServiceList",
        plural: "webservices",
        singular: "webservice",
      },
      scope: "Namespaced",
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          additionalPrinterColumns: [
            column("Image", "string", ".spec.image"),
            column("Replicas", "integer", ".spec.replicas"),
            column("Host", "string", ".spec.ingress.host"),
          ],
          schema: {
            openAPIV3Schema: {
              description: "A service in few words.",
              type: "object",
              required: ["spec"],
              properties: {
                apiVersion: { type: "string" },
                kind: { type: "string" },
                metadata: { type: "object" },
                spec: structural(spec),
              },
            },
          },
        },
      ],
    },
  };
}

/** Structural, as apiextensions.k8s.io/v1 asks: one type each. What may be several is left to us to check. */
function structural(schema: Schema): Schema {
  const { description } = schema;
  const described = description === undefined ? {} : { description };
  if (schema.anyOf !== undefined)
    return { ...described, ...either(schema.anyOf.map(({ type }) => type)) };
  const kept = Object.entries(schema).filter(
    ([keyword, value]) => scalars.includes(keyword) && value !== Number.MAX_SAFE_INTEGER,
  );
  const values = schema.const === undefined ? {} : { enum: [schema.const] };
  return {
    ...described,
    ...Object.fromEntries(kept),
    ...values,
    ...(schema.items && { items: structural(schema.items) }),
    ...(schema.properties && {
      properties: Object.fromEntries(
        Object.entries(schema.properties).map(([name, inner]) => [name, structural(inner)]),
      ),
    }),
    ...(typeof schema.additionalProperties === "object" && {
      additionalProperties: structural(schema.additionalProperties),
    }),
  };
}

const scalars: readonly string[] = [
  "type",
  "enum",
  "pattern",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "required",
];

const either = (types: readonly (string | undefined)[]): Schema =>
  types.every((type) => type === "integer" || type === "string")
    ? { "x-kubernetes-int-or-string": true }
    : { "x-kubernetes-preserve-unknown-fields": true };
