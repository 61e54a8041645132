/** The main job on a real control plane, by sentences and buttons alone: what the demo says is what the cluster did. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { cluster } from "./kube.ts";
import { installCrds } from "./kube-crds.ts";

const root = join(import.meta.dirname, "..");
const namespace = "shipmate-demo-production";

test("the seed goes from nothing to running, changed, stuck, taken back, scaled, rolled back and removed", async (context) => {
  const kube = await cluster(context);
  await installCrds(kube, "cloudnative-pg");
  const temporary = await mkdtemp(join(tmpdir(), "demo-test-"));
  context.onTestFinished(async () => {
    await kube.kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=false");
    await rm(temporary, { recursive: true, force: true });
  });
  const { kubeconfig, context: name = "admin" } = kube.as("admin");
  // What a developer has set must not matter.
  const child = spawn(
    process.execPath,
    ["src/run.mjs", "src/demo.ts", "--kubernetes", kubeconfig, "--context", name],
    {
      cwd: root,
      env: {
        PATH: process.env["PATH"],
        TMPDIR: temporary,
        KUBECONFIG: "/nowhere",
        DATABASE_URL: "postgres://nowhere/",
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  context.onTestFinished(() => void child.kill("SIGKILL"));
  const ended = once(child, "exit");
  const [said, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  expect(code, `${said}\n${errors}`).toBe(0);
  expect(errors).toBe("");
  for (const each of [
    /✓ Succeeded {2}user-api 1\.4\.1 runs in production\./,
    /version +1\.4\.1 → 1\.4\.2/,
    /✗ Stuck {2}1\.5\.0-crash /,
    /✗ Taken back {2}1\.5\.0-crash did not start: it exited with code 1[\s\S]*1\.4\.2 runs again/,
    /has 4, until the next deploy/,
    /✓ Succeeded {2}user-api 1\.4\.1 runs in production again\./,
    /does not run in production any more/,
  ])
    expect(said).toMatch(each);
  expect(said, "our own bookkeeping is no change").not.toContain("shipmate.dev/");

  // What the API server itself counted: a write of the Deployment for each release, the step back and the removal.
  const deployments = await kube.effects({ namespace, resource: "deployments", name: "user-api" });
  const count = (verb: string, subresource?: string) =>
    deployments
      .filter((write) => write.verb === verb && write.subresource === subresource)
      .filter((write) => !write.user.startsWith("system:")).length;
  expect(count("patch")).toBe(5);
  expect(count("delete")).toBe(1);
  const left = await kube.kubectl(
    "get",
    "all,ingress,networkpolicy",
    "-n",
    namespace,
    "-o",
    "name",
  );
  expect(left.split("\n").filter((line) => !/user-api-db/.test(line) && line !== "")).toEqual([]);
  const kept = await kube.kubectl(
    "get",
    "clusters.postgresql.cnpg.io",
    "-n",
    namespace,
    "-o",
    "name",
  );
  expect(kept, "a database is never removed by the way").toContain("user-api-db");

  const files = (await readdir(temporary)).filter((one) => one !== "node-compile-cache");
  expect(files, "nothing is left in the folder").toEqual([]);
}, 600_000);
