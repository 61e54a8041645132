/** A cluster's API as everything in the provider uses it, on a real control plane. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, type TestContext, test } from "vitest";
import type { KubeObject } from "../../../../src/expand/object.ts";
import { type Connection, connect } from "../../../../src/providers/kubernetes/api/connection.ts";
import { ApiError } from "../../../../src/providers/kubernetes/types.ts";
import { cluster, type Kube, ownCluster, soon, type User } from "../../../kube.ts";

const never = new AbortController().signal;

async function at(context: TestContext, user: User = "admin") {
  const kube = await cluster(context);
  const namespace = await kube.namespace();
  return { kube, namespace, api: speak(context, kube, user) };
}

function speak(
  context: TestContext,
  kube: Kube,
  user: User,
  more: { readonly limit?: number } = {},
): Connection {
  const api = connect({ name: "prod", ...kube.as(user), limit: 60_000, ...more });
  context.onTestFinished(() => api.close());
  return api;
}

const map = (namespace: string, data: Record<string, string>): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "settings", namespace },
  data,
});
const settings = (namespace: string) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  name: "settings",
  namespace,
});
const pod = (namespace: string, name: string, tag: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace },
  spec: { containers: [{ name: "web", image: `ghcr.io/acme/web:${tag}` }] },
});

async function refusal(promise: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await promise.then(
    () => "it went through",
    (error: unknown) => error,
  );
  if (error instanceof ApiError) return error;
  throw new Error("not an ApiError", { cause: error });
}

describe("objects", () => {
  test("are applied, read, listed by labels, patched and deleted", async (context) => {
    const { api, namespace } = await at(context);
    expect(await api.get(settings(namespace), never)).toBeUndefined();
    const made = await api.apply(map(namespace, { a: "1" }), {}, never);
    expect(made["data"]).toEqual({ a: "1" });
    await api.merge(settings(namespace), { metadata: { labels: { of: "web" } } }, {}, never);
    const kind = { apiVersion: "v1", kind: "ConfigMap" };
    const listed = await api.list(kind, { namespace, labels: "of=web" }, never);
    expect(listed).toEqual([await api.get(settings(namespace), never)]);
    expect(await api.list(kind, { namespace, labels: "of=api" }, never)).toEqual([]);
    await api.remove(settings(namespace), {}, never);
    expect(await api.get(settings(namespace), never)).toBeUndefined();
    await api.remove(settings(namespace), {}, never);
  });

  test("are not changed by a dry run of anything", async (context) => {
    const { api, kube, namespace } = await at(context);
    const dryRun = { dryRun: true };
    const tried = await api.apply(map(namespace, { a: "1" }), dryRun, never);
    expect(tried["data"]).toEqual({ a: "1" });
    const { name: _, ...nameless } = map(namespace, {}).metadata;
    const generated = { ...map(namespace, {}), metadata: { ...nameless, generateName: "x-" } };
    const named = await api.create(generated as unknown as KubeObject, dryRun, never);
    expect(named.metadata.name).toMatch(/^x-/);
    expect(await api.get(settings(namespace), never)).toBeUndefined();
    const made = await api.create(map(namespace, { a: "1" }), {}, never);
    await api.merge(settings(namespace), { data: { a: "2" } }, dryRun, never);
    await api.remove(settings(namespace), dryRun, never);
    expect(await api.get(settings(namespace), never)).toEqual(made);
    expect(await kube.effects({ namespace, resource: "configmaps" })).toHaveLength(1);
  });

  test("of another uid are not deleted", async (context) => {
    const { api, namespace } = await at(context);
    const made = await api.apply(map(namespace, { a: "1" }), {}, never);
    const uid = String(made.metadata["uid"]);
    await api.remove(settings(namespace), { uid: "11111111-2222-3333-4444-555555555555" }, never);
    expect(await api.get(settings(namespace), never)).toEqual(made);
    await api.remove(settings(namespace), { uid }, never);
    expect(await api.get(settings(namespace), never)).toBeUndefined();
  });

  test("that changed meanwhile are not applied over", async (context) => {
    const { api, namespace } = await at(context);
    const made = await api.apply(map(namespace, { a: "1" }), {}, never);
    await api.merge(settings(namespace), { data: { b: "1" } }, {}, never);
    const { resourceVersion } = made.metadata;
    const late = map(namespace, { a: "2" });
    const bound = { ...late, metadata: { ...late.metadata, resourceVersion } };
    expect(await refusal(api.apply(bound, {}, never))).toMatchObject({ code: 409, causes: [] });
  });

  test("with fields of another manager are refused with a cause for each, and taken by force", async (context) => {
    const { api, kube, namespace } = await at(context);
    const yaml = JSON.stringify(map(namespace, { a: "1", b: "1" }));
    await kube.apply(yaml, "--server-side", "--field-manager=argocd");
    const ours = map(namespace, { a: "2", b: "2" });
    const conflict = await refusal(api.apply(ours, {}, never));
    expect(conflict).toMatchObject({ code: 409, reason: "Conflict" });
    expect(conflict.causes).toEqual([
      { field: ".data.a", message: 'conflict with "argocd"', reason: "FieldManagerConflict" },
      { field: ".data.b", message: 'conflict with "argocd"', reason: "FieldManagerConflict" },
    ]);
    expect((await api.apply(ours, { force: true }, never))["data"]).toEqual({ a: "2", b: "2" });
  });

  test("with a field that does not exist are refused", async (context) => {
    const { api, namespace } = await at(context);
    const typo = { ...map(namespace, {}), datas: {} };
    expect((await refusal(api.create(typo, {}, never))).message).toContain("datas");
    expect((await refusal(api.apply(typo, {}, never))).message).toContain("datas");
  });

  test("more than a page of them are listed whole", async (context) => {
    const { api, kube, namespace } = await at(context);
    const items = Array.from({ length: 1_100 }, (_, n) => ({
      ...map(namespace, {}),
      metadata: { name: `many-${n}`, namespace },
    }));
    await Promise.all(items.map((item) => api.create(item, {}, never)));
    const listed = await api.list({ apiVersion: "v1", kind: "ConfigMap" }, { namespace }, never);
    expect(new Set(listed.map(({ metadata }) => metadata.name)).size).toBe(1_101);
    expect(listed[1]).toMatchObject({ apiVersion: "v1", kind: "ConfigMap" });
    await kube.kubectl("delete", "namespace", namespace, "--wait=false");
  });

  test("whose name would reach further are never asked for", async (context) => {
    const { api, kube, namespace } = await at(context);
    for (const name of ["", ".", "..", "a/b", "%2e%2e", "..\\"]) {
      await expect(api.remove({ ...settings(namespace), name }, {}, never)).rejects.toThrow(
        "can't be a name",
      );
      await expect(api.remove({ ...settings(name), name: "x" }, {}, never)).rejects.toThrow(
        "can't be a name",
      );
    }
    // Other files share the control plane: only what is here counts, and whole collections of its kind.
    expect(await kube.writes({ verb: "delete", namespace })).toEqual([]);
    const all = await kube.writes({ verb: "deletecollection", resource: "configmaps" });
    expect(all.filter(({ user }) => !user.startsWith("system:"))).toEqual([]);
  });
});

describe("kinds", () => {
  test("are known by whether they live in namespaces, and one that is not served is no object", async (context) => {
    const { api, namespace } = await at(context);
    const serves = (apiVersion: string, kind: string) => api.serves({ apiVersion, kind }, never);
    expect(await serves("apps/v1", "Deployment")).toEqual({ namespaced: true });
    expect(await serves("v1", "Namespace")).toEqual({ namespaced: false });
    expect(await serves("apps/v1", "Deploymint")).toBeUndefined();
    expect(await serves("nobody.example/v1", "Nothing")).toBeUndefined();
    const ref = { apiVersion: "nobody.example/v1", kind: "Nothing", name: "x", namespace };
    expect(await api.get(ref, never)).toBeUndefined();
    expect(await refusal(api.merge(ref, {}, {}, never))).toMatchObject({
      message: "the cluster prod has no Nothing (nobody.example/v1)",
      code: 404,
    });
  });

  test("that are installed just now are found", async (context) => {
    const { api, kube } = await at(context);
    const group = `g${Date.now()}.example`;
    const kind = { apiVersion: `${group}/v1`, kind: "Thing" };
    expect(await api.serves(kind, never)).toBeUndefined();
    const crd = `things.${group}`;
    context.onTestFinished(async () => {
      await kube.kubectl("delete", "crd", crd, "--wait=false");
    });
    await kube.apply(`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ${crd} }
spec:
  group: ${group}
  scope: Namespaced
  names: { kind: Thing, plural: things, singular: thing }
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]`);
    await expect.poll(() => api.serves(kind, never), soon).toEqual({ namespaced: true });
  });
});

describe("identities", () => {
  test("without rights are refused in the API server's words", async (context) => {
    const { api, namespace } = await at(context, "mallory");
    const error = await refusal(api.get(settings(namespace), never));
    expect(error).toMatchObject({ code: 403, reason: "Forbidden" });
    expect(error.message).toContain('User "mallory" cannot get resource "configmaps"');
  });

  test("act as a person and their groups, and only with that person's rights", async (context) => {
    const { api, kube, namespace } = await at(context);
    const ada = api.as({ user: "ada@acme.example", groups: ["team-a", "team-b"] });
    expect((await refusal(ada.apply(map(namespace, {}), {}, never))).code).toBe(403);
    await kube.kubectl(
      "create",
      "rolebinding",
      "b",
      "--clusterrole=edit",
      "--group=team-b",
      "-n",
      namespace,
    );
    await expect
      .poll(() => ada.apply(map(namespace, {}), {}, never).catch(() => 0), soon)
      .toMatchObject({ kind: "ConfigMap" });
    const [write] = await kube.effects({ namespace, resource: "configmaps" });
    expect(write).toMatchObject({ user: "ada@acme.example", sender: "admin" });
    expect(write?.groups).toEqual(expect.arrayContaining(["team-a", "team-b"]));
    const alone = api.as({ user: "ada@acme.example", groups: [] });
    expect((await refusal(alone.get(settings(namespace), never))).code).toBe(403);
  });

  test("learn what they may do", async (context) => {
    const { api, kube, namespace } = await at(context, "grace");
    const deployments = { group: "apps", resource: "deployments", namespace };
    expect(await api.mayI("patch", deployments, never)).toBe(false);
    await kube.grant("grace", "edit", namespace);
    await expect.poll(() => api.mayI("patch", deployments, never), soon).toBe(true);
    expect(await api.mayI("create", { resource: "namespaces" }, never)).toBe(false);
  });
});

describe("logs", () => {
  test("come as lines with their time, the last ones alone where asked", async (context) => {
    const { api, namespace } = await at(context);
    await api.create(pod(namespace, "web", "1.0.0-chatty"), {}, never);
    const of = { namespace, pod: "web", container: "web" };
    const all = () => Array.fromAsync(api.logs(of, {}, never)).catch(() => []);
    await expect.poll(async () => (await all()).length, soon).toBeGreaterThan(20);
    const lines = await all();
    const times = lines.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect(Math.abs(Date.now() - (times.at(-1) ?? 0))).toBeLessThan(60_000);
    expect(lines[0]?.text).not.toMatch(/^\d{4}-/);
    expect(await Array.fromAsync(api.logs(of, { tail: 3 }, never))).toHaveLength(3);
  });

  test("that are rude are cut at 8 kB a line and stay whole otherwise", async (context) => {
    const { api, namespace } = await at(context);
    await api.create(pod(namespace, "web", "1.0.0-rude"), {}, never);
    const of = { namespace, pod: "web", container: "web" };
    const longest = async () => {
      const lines = await Array.fromAsync(api.logs(of, {}, never)).catch(() => []);
      return Math.max(0, ...lines.map(({ text }) => text.length));
    };
    await expect.poll(longest, soon).toBeGreaterThan(8_000);
    expect(await longest()).toBeLessThan(8_300);
  });

  test("are followed until the signal, and end when the pod does", async (context) => {
    const { api, namespace } = await at(context);
    await api.create(pod(namespace, "web", "1.0.0-chatty"), {}, never);
    const of = { namespace, pod: "web", container: "web" };
    await expect
      .poll(() => Array.fromAsync(api.logs(of, {}, never)).catch(() => []), soon)
      .not.toEqual([]);
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const { text } of api.logs(of, { follow: true }, stop.signal)) {
      seen.push(text);
      if (seen.length === 50) stop.abort();
    }
    expect(seen.length).toBeGreaterThanOrEqual(50);
    const web = { apiVersion: "v1", kind: "Pod", name: "web", namespace };
    let followed = 0;
    for await (const _ of api.logs(of, { follow: true, tail: 1 }, never))
      if (++followed === 5) await api.remove(web, {}, never);
    expect(followed).toBeGreaterThanOrEqual(5);
  });

  test("of a pod that is not there are refused", async (context) => {
    const { api, namespace } = await at(context);
    const gone = { namespace, pod: "gone", container: "web" };
    for (const follow of [true, false]) {
      const error = await refusal(Array.fromAsync(api.logs(gone, { follow }, never)));
      expect(error).toMatchObject({ code: 404, reason: "NotFound" });
    }
  });
});

test("calls keep their connections", async (context) => {
  const { api, kube, namespace } = await at(context);
  await api.get(settings(namespace), never);
  let opened = 0;
  const count = () => {
    opened += 1;
  };
  subscribe("net.client.socket", count);
  context.onTestFinished(() => void unsubscribe("net.client.socket", count));
  for (let n = 0; n < 100; n += 1) await api.get(settings(namespace), never);
  expect(opened).toBe(0);
  await speak(context, kube, "admin").get(settings(namespace), never);
  expect(opened, "another one opens its own").toBeGreaterThan(0);
});

test("a signal ends a call before it is made and while it waits", async (context) => {
  const kube = await ownCluster(context, { nodes: 1 });
  const api = speak(context, kube, "admin", { limit: 1_500 });
  const nodes = () => api.list({ apiVersion: "v1", kind: "Node" }, {}, never);
  const answers = () => expect.poll(() => nodes().catch(String), soon).toHaveLength(1);
  await answers();
  await expect(
    api.list({ apiVersion: "v1", kind: "Node" }, {}, AbortSignal.abort("stopped")),
  ).rejects.toBe("stopped");

  await kube.pause("apiserver");
  const stop = new AbortController();
  const stopped = api.list({ apiVersion: "v1", kind: "Node" }, {}, stop.signal);
  setTimeout(() => stop.abort("stopped"), 300);
  await expect(stopped).rejects.toBe("stopped");
  await expect(nodes()).rejects.toThrow("the cluster prod did not answer within 1.5 s");
  const fresh = speak(context, kube, "admin", { limit: 1_500 });
  const of = { namespace: "default", pod: "x", container: "x" };
  expect(await Array.fromAsync(fresh.logs(of, { follow: true }, never))).toEqual([]);
  await kube.resume("apiserver");
  await answers();

  await kube.kill("apiserver");
  await expect(nodes()).rejects.toThrow("the cluster prod did not answer (connection refused)");
  await kube.start("apiserver");
  await answers();
});
