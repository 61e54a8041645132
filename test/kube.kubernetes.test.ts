/** The control plane that tests ask for is shared, is counted and is gone afterwards. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { cluster, ownCluster, soon } from "./kube.ts";
import type { Asker } from "./servers.ts";

test("each test gets namespaces of its own, which are removed when it ends", async (context) => {
  const ends: (() => Promise<void>)[] = [];
  const kube = await cluster({
    skip: context.skip,
    onTestFinished: (end) => void ends.push(end),
  });
  const [one, other] = [await kube.namespace("staging"), await kube.namespace("staging")];
  expect(one).toMatch(/^staging-[0-9a-f]{8}$/);
  expect(one).not.toBe(other);
  for (const end of ends) await end();
  await expect.poll(() => kube.kubectl("get", "namespaces", "-o", "name"), soon).not.toContain(one);
});

test("writes are counted by who did what, and effects leave out dry runs and refusals", async (context) => {
  const kube = await cluster(context);
  const namespace = await kube.namespace();
  const map = (value: string) => `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: ${namespace} }
data: { value: "${value}" }`;
  await kube.grant("ada", "edit", namespace);
  await kube.apply(map("1"), "--server-side", "--dry-run=server", "--as=ada");
  await kube.apply(map("1"), "--server-side", "--as=ada");
  await expect(kube.apply(map("2"), "--server-side", "--as=mallory")).rejects.toThrow("forbidden");
  await kube.kubectl("delete", "configmap", "settings", "-n", namespace, "--dry-run=server");
  const here = { namespace, resource: "configmaps" };
  const told = (await kube.writes(here)).map((write) => [
    write.user,
    write.sender,
    write.verb,
    write.status,
    write.dryRun,
  ]);
  expect(told).toEqual([
    ["ada", "admin", "patch", 201, true],
    ["ada", "admin", "patch", 201, false],
    ["mallory", "admin", "patch", 403, false],
    ["admin", "admin", "delete", 200, true],
  ]);
  expect(await kube.effects({ ...here, user: "ada" })).toHaveLength(1);
  expect(await kube.effects({ namespace })).toHaveLength(2);
});

test("pods run on the shared control plane, and its metrics can be read", async (context) => {
  const kube = await cluster(context);
  const namespace = await kube.namespace();
  await kube.kubectl(
    "create",
    "deployment",
    "web",
    "--image=ghcr.io/acme/web:1.0.0",
    "-n",
    namespace,
  );
  await kube.kubectl("rollout", "status", "deployment/web", "-n", namespace, "--timeout=180s");
  expect(await kube.metrics()).toContain("apiserver_request_total");
});

test("an own control plane can lose a part and is gone with its test", async (context) => {
  const ends: (() => Promise<void>)[] = [];
  const kube = await ownCluster(
    { skip: context.skip, onTestFinished: (end) => void ends.push(end) },
    { nodes: 1 },
  );
  expect((await kube.kubectl("get", "nodes", "-o", "name")).trim().split("\n")).toHaveLength(1);
  await kube.kill("apiserver");
  await expect(kube.kubectl("get", "nodes")).rejects.toThrow("refused");
  await kube.start("apiserver");
  await expect.poll(() => kube.kubectl("get", "nodes").catch(String), soon).toContain("Ready");
  expect(execFileSync("ps", ["-ef"], { encoding: "utf8" })).toContain(dirname(kube.kubeconfig));
  for (const end of ends) await end();
  expect(existsSync(kube.kubeconfig)).toBe(false);
  expect(execFileSync("ps", ["-ef"], { encoding: "utf8" })).not.toContain(dirname(kube.kubeconfig));
});

describe("where there is no Kubernetes", () => {
  const settings = ["SHIPMATE_TEST_KUBE", "SHIPMATE_TEST_KUBECONFIG", "SHIPMATE_TEST_REQUIRE"];
  const skipping = {
    onTestFinished: () => undefined,
    skip: (note: string) => {
      throw new Error(`skipped: ${note}`);
    },
  } as Asker;

  test("the test is left out with a reason", async ({ onTestFinished }) => {
    without(settings, onTestFinished);
    await expect(cluster(skipping)).rejects.toThrow("skipped: Kubernetes suites");
    await expect(ownCluster(skipping)).rejects.toThrow("skipped: suites that break Kubernetes");
  });

  test("the test fails where all servers are required", async ({ onTestFinished }) => {
    without(settings, onTestFinished);
    process.env["SHIPMATE_TEST_REQUIRE"] = "1";
    await expect(cluster(skipping)).rejects.toThrow("SHIPMATE_TEST_REQUIRE");
  });
});

function without(names: readonly string[], later: (end: () => void) => void) {
  const before = { ...process.env };
  later(() => {
    process.env = before;
  });
  for (const name of names) delete process.env[name];
}
