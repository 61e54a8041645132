import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { stringify } from "yaml";
import type { KubeObject } from "../../src/expand/object.ts";
import { expandWebService } from "../../src/expand/webservice.ts";
import { cluster, type Kube } from "../kube.ts";
import { established } from "../kube-crds.ts";
import { leaveOut } from "../servers.ts";
import { at, data, samples } from "./worlds.ts";

const yaml = (objects: readonly unknown[]): string =>
  objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join("---\n");

/** Definitions that others own: CloudNativePG's as they ship it, and as much of HTTPRoute as is used here. */
async function withDefinitions(context: TestContext): Promise<Kube> {
  const kube = await cluster(context);
  const folder = process.env["SHIPMATE_TEST_KUBE"];
  if (folder === undefined) leaveOut(context, "definitions of others (SHIPMATE_TEST_KUBE)");
  const crds = join(folder, "../samples/crds/cloudnative-pg");
  const route = new URL("samples/httproute-crd.yaml", import.meta.url).pathname;
  const server = ["apply", "--server-side", "--force-conflicts"];
  await kube.kubectl(...server, "-f", join(crds, "postgresql.cnpg.io_clusters.yaml"), "-f", route);
  const names = ["clusters.postgresql.cnpg.io", "httproutes.gateway.networking.k8s.io"];
  await established(kube, ...names.map((name) => `crd/${name}`));
  return kube;
}

test("the API server takes the custom resource, and the first manifest by it, and refuses what we refuse", async (context) => {
  const kube = await cluster(context);
  const crd = new URL("../../manifests/deploy/crds/webservice.yaml", import.meta.url);
  await kube.apply(readFileSync(crd, "utf8"), "--server-side", "--force-conflicts");
  await established(kube, "crd/webservices.platform.company.io");
  const namespace = await kube.namespace("expand");
  const conditions = await kube.kubectl(
    ...["get", "crd", "webservices.platform.company.io"],
    ...["-o", 'jsonpath={.status.conditions[?(@.type=="NonStructuralSchema")].message}'],
  );
  expect(conditions).toBe("");
  for (const sample of ["webservice", "everything"])
    expect(await kube.apply(stringify(data(sample)), "-n", namespace)).toContain("created");
  const kept = await kube.kubectl("get", "webservice/shop", "-n", namespace, "-o", "json");
  expect(JSON.parse(kept)).toMatchObject(data("everything") as object);
  const wrong = { ...(data("webservice") as { spec: object }), metadata: { name: "wrong" } };
  await expect(
    kube.apply(stringify({ ...wrong, spec: { ...wrong.spec, replicas: -1 } }), "-n", namespace),
  ).rejects.toThrow("spec.replicas");
});

for (const service of ["user-api", "shop"] as const)
  for (const environment of ["staging", "production"] as const)
    test(`the API server takes all that ${service} is made of in ${environment}`, async (context) => {
      const kube = await withDefinitions(context);
      const namespace = await kube.namespace("expand");
      const where = { ...at(service, environment), namespace };
      const { objects, migration } = expandWebService(samples[service](), where);
      const all = [...objects, ...(migration ? [migration] : [])];
      const said = await kube.apply(
        yaml(all),
        ...["--server-side", "--dry-run=server", "--validate=strict", "-o", "name"],
      );
      expect(said.trim().split("\n")).toHaveLength(all.length);
    });

test("the pods are let in where only the standard restricted is", async (context) => {
  const kube = await withDefinitions(context);
  const namespace = await kube.namespace("expand");
  const level = "pod-security.kubernetes.io/enforce=restricted";
  await kube.kubectl("label", "namespace", namespace, level);
  const where = { ...at("user-api", "staging"), namespace };
  await kube.apply(yaml(expandWebService(samples["user-api"](), where).objects), "--server-side");
  const ready = "--for=jsonpath={.status.readyReplicas}=3";
  await kube.kubectl("wait", ready, "deployment/user-api", "-n", namespace, "--timeout=180s");
});

test("a second apply of the same changes nothing", async (context) => {
  const kube = await withDefinitions(context);
  const namespace = await kube.namespace("expand");
  const objects = expandWebService(samples.shop(), { ...at("shop", "staging"), namespace }).objects;
  const apply = () => kube.apply(yaml(objects), "--server-side");
  await apply();
  const before = await generations(kube, namespace, objects);
  await apply();
  expect(await generations(kube, namespace, objects)).toEqual(before);
});

async function generations(kube: Kube, namespace: string, objects: readonly KubeObject[]) {
  const found = await Promise.all(
    objects.map(async ({ kind, metadata }) => {
      const path = "jsonpath={.metadata.uid} {.metadata.generation}";
      return await kube.kubectl("get", `${kind}/${metadata.name}`, "-n", namespace, "-o", path);
    }),
  );
  return found;
}
