/** What a version of a service becomes, from each form of manifests that needs no tool, and what is refused. */
import { rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { Refusal } from "../../../../src/core/refusal.ts";
import { objectsIn } from "../../../../src/providers/kubernetes/sources/objects.ts";
import { effort } from "../../../effort.ts";
import { registry } from "../../../registry.ts";
import { open, project, sourceOf, staging } from "./project.ts";

const text = (data: unknown) => `${JSON.stringify(data, null, 2)}\n`;
const deployment = (image: string, more = "") => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web${more} }
spec: { template: { spec: { containers: [{ name: web, image: "${image}" }] } } }
`;

describe("a service's manifests become its objects:", () => {
  test("plain YAML, as its golden file says", async (context) => {
    const source = sourceOf(await project(context), { web: { manifests: "plain" } });
    const rendered = await source.render(staging("web"), undefined, open);
    await expect(text(rendered)).toMatchFileSnapshot("golden/plain.json");
  });

  test("a WebService, with the version as its image's tag and its migration aside", async (context) => {
    const folder = await project(context);
    const source = sourceOf(folder, { "user-api": { manifests: "web-service.yaml" } });
    const { objects, migration, pins } = await source.render(staging("user-api"), {}, open);
    expect(JSON.stringify(objects)).toContain('"image":"user-api:1.5.0"');
    expect(objects.map(({ metadata }) => metadata.namespace)).not.toContain(undefined);
    expect(new Set(objects.map(({ metadata }) => metadata.namespace))).toEqual(
      new Set(["shop-staging"]),
    );
    expect(migration).toBeUndefined();
    expect(pins).toMatchObject([
      { image: "user-api:1.5.0", why: "docker.io was not asked: it is not in platform.yaml" },
    ]);
  });

  test("a WebService with other objects beside it", async (context) => {
    const extra = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: extra }\n";
    const folder = await project(context, { "both/extra.yaml": extra });
    await symlink("../web-service.yaml", join(folder, "both/web-service.yaml"));
    const source = sourceOf(folder, { "user-api": { manifests: "both" } });
    const { objects } = await source.render(staging("user-api"), {}, open);
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(names).toContain("ConfigMap extra");
    expect(names).toContain("Deployment user-api");
  });

  test("of a folder for each environment, the one of this environment", async (context) => {
    const files = { "envs/staging/web.yaml": deployment("acme/web:1") };
    const source = sourceOf(await project(context, files), {
      web: { manifests: "envs/{environment}" },
    });
    const { objects } = await source.render(staging("web"), {}, open);
    expect(objects).toHaveLength(1);
    const there = { ...staging("web"), environment: "production", namespace: "production" };
    await expect(source.render(there, {}, open)).rejects.toThrow(
      "There is no envs/production, which services.web.manifests in platform.yaml names.",
    );
  });

  test("without its own namespace, which no release may delete", async (context) => {
    const space = "---\napiVersion: v1\nkind: Namespace\nmetadata: { name: shop-staging }\n";
    const files = { "web.yaml": deployment("acme/web:1") + space };
    const source = sourceOf(await project(context, files), { web: { manifests: "web.yaml" } });
    const { objects } = await source.render(staging("web"), {}, open);
    expect(objects.map(({ kind }) => kind)).toEqual(["Deployment"]);
  });
});

test("a Secret's texts become its data, and what an autoscaler scales has no replicas", async (context) => {
  const hpa = (kind: string) => `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: ${kind.toLowerCase()} }
spec: { scaleTargetRef: { kind: ${kind}, name: web } }
`;
  const secret =
    "apiVersion: v1\nkind: Secret\nmetadata: { name: a }\ndata: { a: YQ==, b: Yg== }\nstringData: { b: ü }\n";
  const web = deployment("acme/web:1").replace("spec: {", "spec: { replicas: 2,");
  const rendered = async (scaled: string) => {
    const files = { "web.yaml": [web, secret, hpa(scaled)].join("---\n") };
    const source = sourceOf(await project(context, files), { web: { manifests: "web.yaml" } });
    return (await source.render(staging("web"), {}, open)).objects;
  };
  const [one, a] = await rendered("Deployment");
  expect(one?.["spec"]).not.toHaveProperty("replicas");
  expect(a).toMatchObject({ data: { a: "YQ==", b: "w7w=" } });
  expect(a).not.toHaveProperty("stringData");
  expect((await rendered("StatefulSet"))[0]).toHaveProperty("spec.replicas", 2);
});

test("a large file is read in time that grows with its size alone", () => {
  const keys = Array.from({ length: 40_000 }, (_, i) => `  key${i}: ${"v".repeat(60)}`).join("\n");
  const began = effort();
  objectsIn(`apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n${keys}\n`, "a.yaml");
  expect(effort() - began).toBeLessThan(3_000);
});

describe("images become digests", () => {
  const web = { "web.yaml": deployment("HOST/acme/web:1.0.0") };
  const at = async (
    context: Parameters<typeof registry>[0],
    tags: readonly string[] = ["1.4.1", "1.5.0"],
  ) => {
    const images = await registry(context, { "acme/web": tags });
    const files = { "web.yaml": web["web.yaml"].replace("HOST", images.host) };
    const { registries } = images;
    const source = sourceOf(
      await project(context, files),
      { web: { manifests: "web.yaml" }, bare: {} },
      { registries },
    );
    return { images, source, image: `${images.host}/acme/web:1.5.0` };
  };

  test("that a registry tells, in the objects and in the pins", async (context) => {
    const { images, source, image } = await at(context);
    const { objects, pins } = await source.render(staging("web"), undefined, open);
    const digest = images.digest("acme/web", "1.5.0");
    expect(JSON.stringify(objects)).toContain(`"image":"${image}@${digest}"`);
    expect(pins).toEqual([{ image, digest }]);
  });

  test("that were found earlier, without asking again", async (context) => {
    const { images, source, image } = await at(context);
    const digest = `sha256:${"a".repeat(64)}`;
    const { objects, pins } = await source.render(staging("web"), { [image]: digest }, open);
    expect(JSON.stringify(objects)).toContain(`${image}@${digest}`);
    expect(pins).toEqual([{ image, digest }]);
    expect(images.requests()).toEqual([]);
  });

  test("but for those of a registry that is silent, which says why, twice the same", async (context) => {
    const { images, source, image } = await at(context);
    await images.down();
    const first = await source.render(staging("web"), undefined, open);
    expect(first.pins).toEqual([{ image, why: `${images.host} did not answer` }]);
    expect(JSON.stringify(first.objects)).toContain(`"image":"${image}"`);
    expect(await source.render(staging("web"), undefined, open)).toEqual(first);
  });

  test("unless the version does not exist, which is refused with those that do", async (context) => {
    const { images, source } = await at(context, ["1.4.1", "1.10.0", "1.9.0", "latest"]);
    const missing = source.render(staging("web", "99.0.0"), undefined, open);
    await expect(missing).rejects.toThrow(Refusal);
    await expect(missing).rejects.toThrow(
      `There is no version 99.0.0 of web: ${images.host} has 1.10.0, 1.9.0, 1.4.1 and latest.`,
    );
    const near = source.render(staging("web", "1.4.2"), undefined, open);
    await expect(near).rejects.toThrow(/has 1\.4\.1, 1\.10\.0, 1\.9\.0/);
  });

  test("and the versions of a service are its image's tags, the newest first", async (context) => {
    const signature = `sha256-${"a".repeat(64)}.sig`;
    const { images, source } = await at(context, ["1.4.1", "1.10.0", "main", signature, "1.9.0"]);
    const hint = images.host;
    expect(await source.versions("web", open)).toEqual(
      ["1.10.0", "1.9.0", "1.4.1", "main"].map((value) => ({ value, hint })),
    );
    await images.down();
    expect(await source.versions("bare", open)).toEqual([]);
  });
});

test("each environment may have an image of its own, and all of them have versions", async (context) => {
  const tags = { "acme/web": ["1.4.1", "1.4.2"], "acme/next": ["2.0.0", "1.4.2"] };
  const images = await registry(context, tags);
  const web = (name: string) => `${images.host}/acme/${name}`;
  const manifest = {
    ...{ apiVersion: "platform.company.io/v1", kind: "WebService", metadata: { name: "web" } },
    spec: { image: web("web"), environments: { staging: { image: web("next") } } },
  };
  const folder = await project(context, { "short.yaml": text(manifest) });
  const services = { web: { manifests: "short.yaml" } };
  const source = sourceOf(folder, services, { registries: images.registries });
  const hint = images.host;
  expect(await source.versions("web", open)).toEqual(
    ["2.0.0", "1.4.2", "1.4.1"].map((value) => ({ value, hint })),
  );
  const { objects } = await source.render(staging("web", "2.0.0"), undefined, open);
  expect(JSON.stringify(objects)).toContain(`"image":"${web("next")}:2.0.0@sha256:`);
  await expect(source.render(staging("web", "1.4.1"), undefined, open)).rejects.toThrow(
    "There is no version 1.4.1 of web: ",
  );
});

test("versions of an unknown service are refused with the services that there are", async (context) => {
  const source = sourceOf(await project(context), { web: {}, hello: {} });
  const versions = source.versions("nobody", open);
  await expect(versions).rejects.toThrow(Refusal);
  await expect(versions).rejects.toThrow('There is no service "nobody". There is web and hello.');
  await expect(source.render(staging("wbe"), {}, open)).rejects.toThrow(
    'There is no service "wbe". There is web and hello.',
  );
});

describe("a Kustomization fetches nothing, not even from this machine,", () => {
  const address = "http://127.0.0.1:8080/secret";
  const generator = `apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: { name: a }\nfiles: ["${address}"]\n`;
  const indented = generator.replaceAll(/^/gm, "    ");
  test.each([
    ["by a resource", `resources: ["${address}"]`, "nothing is fetched"],
    [
      "by a file that gets a name",
      `configMapGenerator: [{ files: ["x=${address}"] }]`,
      "nothing is",
    ],
    ["by a file with a generator", "generators: [generator.yaml]", "k/generator.yaml names"],
    ["by a generator in its text", `generators:\n  - |\n${indented}`, "nothing is fetched"],
    ["by capital letters", `ConfigMapGenerator: [{ Files: ["${address}"] }]`, "write it files"],
    ["by capitals of what it builds on", "Resources: [../elsewhere]", "write it resources"],
  ])("%s", async (_, text, says) => {
    const folder = await project(
      { onTestFinished },
      {
        "k/kustomization.yaml": text,
        "k/generator.yaml": generator,
      },
    );
    const source = sourceOf(folder, { web: { manifests: "k" } });
    await expect(source.render(staging("web"), {}, open)).rejects.toThrow(says);
  });
});

describe("what can't be used is refused in one sentence:", () => {
  const web = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\n";
  const elsewhere =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web, namespace: kube-system }\n";
  const role =
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: web }\n";
  const crd =
    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: x.y.z }\n";
  const bomb = [
    "a0: &a0 [x, x, x, x, x, x, x, x, x, x]",
    ...Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(10)}]`),
  ].join("\n");
  const pod = deployment("acme/web:1");
  for (const [what, manifest, says] of [
    ["YAML that is broken", "a: b: c", /^web.yaml is not right YAML: line 1: /],
    ["a key twice", "a: 1\nb: 2\na: 3", "web.yaml is not right YAML: line 3: a is there twice."],
    ["a YAML bomb", bomb, /^web.yaml is not right YAML: .*alias/i],
    ["a file of more than 5 MB", `# ${"x".repeat(5_000_001)}`, "larger than 5 MB"],
    ["more than 1,000 objects", `${web}---\n`.repeat(1_001), "more than 1,000 objects"],
    ["a list of more", `kind: List\nitems: [${"{},".repeat(1_001)}]`, "more than 1,000 objects"],
    [
      "text alone",
      "hello",
      "web.yaml: one of its objects cannot be used: the object is not right.",
    ],
    [
      "no apiVersion",
      "kind: Pod\nmetadata: { name: x }",
      "Pod x cannot be used: apiVersion is missing",
    ],
    [
      "no name",
      "apiVersion: v1\nkind: Pod\nmetadata: { generateName: x }",
      "metadata.name is missing",
    ],
    [
      "a name of several lines",
      'apiVersion: v1\nkind: Pod\nmetadata: { name: "a\\nSecret gone" }',
      /Pod a Secret gone cannot be used: metadata.name is not right\.$/,
    ],
    [
      "an annotation that is a number",
      "apiVersion: v1\nkind: Pod\nmetadata: { name: a, annotations: { b: 5 } }",
      "metadata.annotations.b must be text: put it in quotes.",
    ],
    ["no number", `${web}data: .nan`, "ConfigMap web cannot be used"],
    ["an object twice", `${pod}---\n${pod}`, "The manifests of web have Deployment web twice."],
    ["another namespace", `${pod}---\n${elsewhere}`, "is for the namespace kube-system, but"],
    [
      "another Namespace",
      `${pod}---\n${web.replace("ConfigMap", "Namespace")}`,
      "Namespace web of web",
    ],
    [
      "aliases that repeat what is large",
      `${web}big: &a "${"x".repeat(900_000)}"\nall: [${Array(12).fill("*a").join()}]\n`,
      "is larger than 10 MB with all that its aliases repeat",
    ],
    [
      "a record of ours",
      `${pod}---\napiVersion: v1\nkind: Secret\nmetadata: { name: a }\ntype: shipmate.dev/release\n`,
      "Secret a of web is like the Secrets in which Shipmate keeps its releases",
    ],
    [
      "the name of another service's next record",
      `${pod}---\napiVersion: v1\nkind: Secret\nmetadata: { name: shipmate.shop.7 }\n`,
      "Secret shipmate.shop.7 of web is like",
    ],
    [
      "pods that say they are another service's",
      `${pod}---\napiVersion: batch/v1\nkind: CronJob\nmetadata: { name: a }\nspec: { jobTemplate: { spec: { template: { metadata: { labels: { shipmate.dev/service: shop } } } } } }\n`,
      "CronJob a of web bears the label shipmate.dev/service: shop",
    ],
    [
      "a cluster's own kind",
      `${pod}---\n${role}`,
      "ClusterRole web of web belongs to the whole cluster",
    ],
    ["a new kind", `${pod}---\n${crd}`, "ask those who run the cluster to install it"],
    ["no image", web, "since there is no image: set services.web.image in platform.yaml."],
    [
      "several images",
      `${deployment("acme/a:1")}---\n${deployment("acme/b:1", "-b")}`,
      "since there is acme/a and acme/b: set services.web.image",
    ],
    [
      "two migrations",
      `${pod}---\n${["a", "b"].map((name) => `apiVersion: batch/v1\nkind: Job\nmetadata: { name: ${name}, annotations: { shipmate.dev/migration: "true" } }\n`).join("---\n")}`,
      "web has more than one migration: Job a and Job b.",
    ],
    [
      "a migration that is no Job",
      `${pod}---\napiVersion: v1\nkind: Pod\nmetadata: { name: a, annotations: { shipmate.dev/migration: "true" } }\n`,
      "The migration of web is Pod a",
    ],
    ["two WebServices", "kind: WebService\n---\nkind: WebService", "more than one WebService"],
    ["a WebService that is wrong", "apiVersion: v2\nkind: WebService", /^web.yaml: /],
  ] as const)
    test(what, async (context) => {
      const folder = await project(context, { "web.yaml": manifest });
      const source = sourceOf(folder, { web: { manifests: "web.yaml" } });
      const render = source.render(staging("web"), {}, open);
      await expect(render).rejects.toThrow(Refusal);
      await expect(render).rejects.toThrow(says);
    });

  test("a service without manifests, an empty folder, an image that is not there", async (context) => {
    const folder = await project(context, { "empty/x.txt": "", "web.yaml": pod });
    const source = sourceOf(folder, {
      bare: {},
      empty: { manifests: "empty" },
      web: { manifests: "web.yaml", image: "ghcr.io/acme/web" },
    });
    const says = async (service: string) => source.render(staging(service), {}, open);
    await expect(says("bare")).rejects.toThrow(
      "What bare is on a cluster is not said: set services.bare.manifests in platform.yaml to its file or folder.",
    );
    await expect(says("empty")).rejects.toThrow("has no manifests: put YAML");
    await expect(says("web")).rejects.toThrow(
      "services.web.image in platform.yaml is ghcr.io/acme/web, which is not in the manifests of web: there is acme/web.",
    );
  });

  test("names that no place could have", async (context) => {
    const source = sourceOf(await project(context), { web: { manifests: "plain" } });
    const odd = { ...staging("web"), environment: "../x" };
    await expect(source.render(odd, {}, open)).rejects.toThrow(Refusal);
    await expect(source.render(staging("web", "1 --x"), {}, open)).rejects.toThrow(Refusal);
  });
});

describe("nothing outside of the project is read:", () => {
  const outside = async (context: Parameters<typeof project>[0]) => {
    const folder = await project(context, { "web.yaml": deployment("acme/web:1") });
    const other = await project(context, { "secret.yaml": deployment("acme/web:1") });
    return { folder, other };
  };
  const refused = async (folder: string, manifests: string) => {
    const source = sourceOf(folder, { web: { manifests } });
    const render = source.render(staging("web"), {}, open);
    await expect(render).rejects.toThrow(Refusal);
    await expect(render).rejects.toThrow("is outside of the project");
  };

  test("by a path", async (context) => {
    const { folder, other } = await outside(context);
    await refused(folder, join(other, "secret.yaml"));
    await refused(folder, `../${other.split("/").at(-1)}/secret.yaml`);
    await refused(folder, "plain/../../x");
    await refused(folder, "web.yaml\0");
  });

  test("by a link to a file or a folder, nor by a link in a folder", async (context) => {
    const { folder, other } = await outside(context);
    await symlink(join(other, "secret.yaml"), join(folder, "link.yaml"));
    await symlink(other, join(folder, "way"));
    await symlink(join(other, "secret.yaml"), join(folder, "plain/z.yaml"));
    for (const path of ["link.yaml", "way", "way/secret.yaml", "plain"])
      await refused(folder, path);
    await rm(join(folder, "plain/z.yaml"));
    await symlink("../web.yaml", join(folder, "plain/z.yaml"));
    await writeFile(join(folder, "plain/app.yaml"), "");
    const source = sourceOf(folder, { web: { manifests: "plain", image: "acme/web" } });
    const { objects } = await source.render(staging("web"), {}, open);
    expect(objects.map(({ metadata }) => metadata.name)).toContain("web");
  });
});
