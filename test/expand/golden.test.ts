import { expect, test } from "vitest";
import { stringify } from "yaml";
import { expandWebService } from "../../src/expand/webservice.ts";
import { WebSpec } from "../../src/platform/web-spec.ts";
import { at, data, samples, worlds } from "./worlds.ts";

for (const service of ["user-api", "shop"] as const)
  for (const environment of ["staging", "production"] as const)
    test(`${service} in ${environment} is what its golden file says`, async () => {
      const { objects, migration } = expandWebService(samples[service](), at(service, environment));
      const all = [...objects, ...(migration ? [migration] : [])];
      const text = all.map((one) => stringify(one, { aliasDuplicateObjects: false }));
      await expect(text.join("---\n")).toMatchFileSnapshot(`golden/${service}.${environment}.yaml`);
    });

test("the sample with everything uses every field", () => {
  const { spec } = data("everything") as { readonly spec: object };
  expect(Object.keys(spec).toSorted()).toEqual(Object.keys(WebSpec.shape).toSorted());
});

test("the same manifest gives the same objects, whatever was expanded before", () => {
  const once = expandWebService(samples.shop(), at("shop", "production"));
  expandWebService(samples.shop(), at("shop", "staging"));
  expect(expandWebService(samples.shop(), at("shop", "production"))).toEqual(once);
  expect(worlds.production.defaults?.labels).toEqual({ "example.com/tier": "gold" });
});
