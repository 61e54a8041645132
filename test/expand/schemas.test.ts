import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { fieldTables } from "../../src/expand/document.ts";
import { editorSchema, type Schema, schemaFiles } from "../../src/expand/schemas.ts";
import { data } from "./worlds.ts";

const file = (path: string) => new URL(`../../${path}`, import.meta.url).pathname;

for (const [path, text] of Object.entries(schemaFiles()))
  test(`${path} is what the schema makes of it`, async () => {
    await expect(text).toMatchFileSnapshot(file(path));
  });

test("docs/webservice.md describes every field as the schema does", async () => {
  const page = file("docs/webservice.md");
  const [before = "", after = ""] = readFileSync(page, "utf8").split(
    /(?<=<!-- fields -->\n)[\s\S]*(?=<!-- end of fields -->)/,
  );
  await expect(`${before}\n${fieldTables()}\n${after}`).toMatchFileSnapshot(page);
});

test("every field says what it means", () => {
  expect(undescribed(editorSchema().properties?.["spec"] ?? {}, "spec")).toEqual([]);
});

test("what ships for editors takes what we take, and refuses what we refuse", () => {
  const text = schemaFiles()["manifests/schema/webservice.json"] ?? "";
  const schema = z.fromJSONSchema(JSON.parse(text));
  for (const sample of ["webservice", "everything"])
    expect(schema.safeParse(data(sample)).error?.issues).toBeUndefined();
  const { spec, ...rest } = data("webservice") as { readonly spec: object };
  for (const wrong of [{ replcas: 1 }, { replicas: -1 }, { port: "80" }, { env: { "a-b": 1 } }])
    expect(schema.safeParse({ ...rest, spec: { ...spec, ...wrong } }).success).toBe(false);
});

function undescribed(schema: Schema, path: string): readonly string[] {
  const inner = [schema.items, schema.additionalProperties].filter(
    (one) => typeof one === "object",
  );
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
      ...(field.description ? [] : [`${path}.${name}`]),
      ...undescribed(field, `${path}.${name}`),
    ]),
    ...inner.flatMap((one) => undescribed(one, `${path}.*`)),
  ];
}
