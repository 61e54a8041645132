/** The doctor's sentences about clusters, from a real control plane. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { lookAtClusters } from "../../src/doctor/clusters.ts";
import { parsePlatform } from "../../src/platform/load.ts";
import { cluster, type Kube, soon, type User } from "../kube.ts";

const root = join(import.meta.dirname, "../..");

async function look(
  kube: Kube,
  user: User,
  namespace: string,
  more: { readonly cluster?: string } = {},
): Promise<readonly string[]> {
  const { kubeconfig, context } = kube.as(user);
  const text = `
people: { ada: { name: Ada } }
teams: { payments: { members: [ada] } }
services: { web: { owner: payments, manifests: services/web } }
environments: { production: { cluster: prod, namespace: ${namespace} } }
clusters: { prod: { provider: kubernetes${context ? `, context: ${context}` : ""}${more.cluster ?? ""} } }
`;
  const findings = await lookAtClusters({
    ...{ platform: parsePlatform("platform.yaml", text), folder: root, kubeconfig },
    signal: AbortSignal.timeout(60_000),
  });
  return findings.map(({ is, says }) => `${is}: ${says}`);
}

test("who may do nothing is told what to bind where; who was bound is told so", async (context) => {
  const kube = await cluster(context);
  const namespace = await kube.namespace("shop");
  // The one to whom no other test on this control plane grants more than a namespace.
  const before = await look(kube, "mallory", namespace);
  expect(before[0]).toMatch(/^good: Kubernetes v1\.\d+\.\d+.* answers\.$/);
  expect(before[1]).toBe(
    `wrong: Shipmate may not get/list/watch pods, get pods/log, get/list/watch events, get/list/watch replicasets, get/list/watch/create/patch/delete deployments and more in ${namespace}: bind manifests/deploy/rights.yaml to its account there (kubectl create rolebinding shipmate --clusterrole=shipmate --serviceaccount=shipmate:shipmate --namespace=${namespace}).`,
  );
  await kube.kubectl("apply", "-f", join(root, "manifests/deploy/rights.yaml"));
  await kube.grant("mallory", "shipmate", namespace);
  await expect
    .poll(() => look(kube, "mallory", namespace), soon)
    .toContain(`good: Shipmate may do all that it has to in ${namespace}.`);
});

test("rights that only some services need are left to whoever knows them", async (context) => {
  const kube = await cluster(context);
  const namespace = await kube.namespace("shop");
  await kube.grant("grace", "admin", namespace);
  const findings = await look(kube, "grace", namespace);
  expect(findings[1]).toMatch(
    /^note: Shipmate may not .+ in shop-.+: that is right where no service there has one\.$/,
  );
});

test("a namespace that is not there is made by who may, and asked for by who may not", async (context) => {
  const kube = await cluster(context);
  const findings = await look(kube, "admin", "not-here-at-all");
  expect(findings).toContain(
    "note: There is no namespace not-here-at-all yet: the first release makes it.",
  );
  await kube.grant("ada", "view");
  expect(await look(kube, "ada", "not-here-at-all")).toContain(
    "wrong: There is no namespace not-here-at-all: make it (kubectl create namespace not-here-at-all).",
  );
});

test("who may not impersonate is told which groups it lacks", async (context) => {
  const kube = await cluster(context);
  const namespace = await kube.namespace("shop");
  const impersonate = { cluster: ", impersonate: { group: 'team-{team}' }" };
  expect(await look(kube, "mallory", namespace, impersonate)).toContain(
    "wrong: Shipmate may not impersonate users, the group team-payments: bind shipmate-impersonate of manifests/deploy/rights.yaml to its account, with these groups.",
  );
  expect(await look(kube, "admin", namespace, impersonate)).toContain(
    "good: Shipmate may act with each person's own rights.",
  );
});

test("a cluster that is away, and credentials that nobody knows", async (context) => {
  const kube = await cluster(context);
  const place = await mkdtemp(join(tmpdir(), "shipmate-doctor-"));
  onTestFinished(() => rm(place, { recursive: true, force: true }));
  const file = join(place, "kubeconfig");
  const config = (server: string) =>
    JSON.stringify({
      ...{ apiVersion: "v1", kind: "Config", "current-context": "a" },
      contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
      clusters: [{ name: "a", cluster: { server, "insecure-skip-tls-verify": true } }],
      users: [{ name: "a", user: { token: "geheim" } }],
    });
  const away = { ...kube, as: () => ({ kubeconfig: file }) };
  const [absent] = await look(away, "admin", "shop");
  expect(absent).toBe(`wrong: The kubeconfig of the cluster prod is not there: ${file}.`);
  await writeFile(file, config("https://127.0.0.1:1"));
  const [silent] = await look(away, "admin", "shop");
  expect(silent).toMatch(
    /^wrong: prod can't be used \(.+\): let this machine reach its API server, or correct its kubeconfig\.$/,
  );
  const server = /server: (\S+)/.exec(await kube.kubectl("config", "view", "--minify"))?.[1] ?? "";
  await writeFile(file, config(server));
  const [stranger] = await look(away, "admin", "shop");
  expect(stranger).toBe(
    "wrong: prod does not know who we are (401): sign in anew, or renew the credentials in its kubeconfig.",
  );
  expect(`${absent}${silent}${stranger}`).not.toContain("geheim");
});
