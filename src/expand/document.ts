/** The schema of a WebService as tables for people. */
import { editorSchema, type Schema } from "./schemas.ts";

/** Markdown: a table of the short fields, then one for each field that has fields of its own. */
export function fieldTables(): string {
  const spec = editorSchema().properties?.["spec"] ?? {};
  const shown = new Map<string, string>();
  const tables = [table("spec", spec)];
  for (const [name, schema] of Object.entries(spec.properties ?? {})) {
    const inner = fieldsOf(schema);
    if (inner === undefined || name === "environments") continue;
    tables.push(table(inner.path(name), inner.schema));
    shown.set(alike(inner.schema), inner.path(name));
  }
  return tables.join("\n");

  function table(path: string, schema: Schema): string {
    const rows = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
      row(path === "spec" ? "" : `${path}.`, name, field, schema, path === "spec"),
    );
    return [
      `### ${path === "spec" ? "All fields" : `\`${path}\``}`,
      "",
      "| field | what it takes | unless said | what it means |",
      "|---|---|---|---|",
      ...rows,
      "",
    ].join("\n");
  }

  function row(
    prefix: string,
    name: string,
    field: Schema,
    parent: Schema,
    top: boolean,
  ): readonly string[] {
    const path = `${prefix}${name}`;
    const inner = fieldsOf(field);
    const same = inner && shown.get(alike(inner.schema));
    const means = [
      field.description ?? "",
      ...(inner && same !== undefined && !top ? [`Takes the same as \`${same}\`.`] : []),
    ].join(" ");
    const unless = parent.required?.includes(name) ? "needed" : byDefault(field);
    const line = `| \`${path}\` | ${takes(field)} | ${unless} | ${means.replaceAll("|", "\\|").trim()} |`;
    if (inner === undefined || top || same !== undefined) return [line];
    shown.set(alike(inner.schema), inner.path(path));
    return [
      line,
      ...Object.entries(inner.schema.properties ?? {}).flatMap(([key, value]) =>
        row(`${inner.path(path)}.`, key, value, inner.schema, false),
      ),
    ];
  }
}

/** The fields below this one, and how their path is written. */
function fieldsOf(
  schema: Schema,
): { readonly schema: Schema; readonly path: (name: string) => string } | undefined {
  if (schema.properties) return { schema, path: (name) => name };
  const each = schema.additionalProperties;
  if (typeof each === "object" && each.properties)
    return { schema: each, path: (name) => `${name}.<name>` };
  if (schema.items?.properties) return { schema: schema.items, path: (name) => `${name}[]` };
  return undefined;
}

/** Equal for schemas that take the same. */
const alike = (schema: Schema): string => JSON.stringify(schema.properties);

function takes(schema: Schema): string {
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum) return schema.enum.map((one) => `\`${String(one)}\``).join(", ");
  if (schema.anyOf) {
    if (schema.anyOf.length > 2) return "value or source";
    return schema.anyOf.map(takes).join(" or ");
  }
  if (schema.type === "array") return `list of ${plural(takes(schema.items ?? {}))}`;
  if (schema.type !== "object") return schema.type === "integer" ? "whole number" : forms(schema);
  const each = schema.additionalProperties;
  return typeof each === "object" ? `${plural(takes(each))} by name` : "fields";
}

const forms = ({ type, pattern }: Schema): string =>
  type === "boolean"
    ? "`true` or `false`"
    : type === "string"
      ? String(pattern).endsWith("(s|m|h|d)$")
        ? "time: `30s`, `10m`"
        : "text"
      : (type ?? "anything");
const plural = (kind: string): string =>
  kind.replace(/(text|whole number|value or source)$/, "$1s");

function byDefault({ default: value }: Schema): string {
  if (value === undefined) return "";
  const empty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
  return empty ? "" : `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}
