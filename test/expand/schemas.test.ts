import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fieldTables } from "../../src/expand/document.ts";
import { editorSchema, type Schema, schemaFiles } from "../../src/expand/schemas.ts";

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
