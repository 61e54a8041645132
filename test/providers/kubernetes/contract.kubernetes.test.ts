/** Kubernetes keeps the promises of every provider of the role clusters. */
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";
import { Platform } from "../../../src/platform/schema.ts";
import { kubernetes } from "../../../src/providers/kubernetes/kubernetes.ts";
import { cluster } from "../../kube.ts";
import type { Asker } from "../../servers.ts";
import { clustersContract, type World } from "../clusters-contract.ts";

async function create(asker: Asker): Promise<World> {
  const kube = await cluster(asker);
  await kube.grant("shipmate", "cluster-admin");
  const good = "1.4.1";
  const versions = { good, better: "1.4.2", crashing: "1.5.0-crash", unhealthy: "1.5.1-unready" };
  const host = await tagsOnly(asker, {
    "acme/web": Object.values(versions),
    "acme/api": ["2.0.0"],
  });
  const [staging, second] = [await kube.namespace("staging"), await kube.namespace("staging-2")];
  const folder = await mkdtemp(join(tmpdir(), "shipmate-contract-"));
  const { kubeconfig, context } = kube.as("shipmate");
  const environment = (namespace: string) => ({ cluster: "test", namespace, patience: "3s" });
  const service = (name: string) => ({
    owner: "crew",
    manifests: `manifests/${name}.yaml`,
  });
  const platform = {
    ...Platform.parse({
      people: {},
      teams: { crew: { members: [] } },
      services: { web: service("web"), api: service("api") },
      environments: { staging: environment(staging), "staging-2": environment(second) },
      clusters: { test: { provider: "kubernetes", kubeconfig, ...(context && { context }) } },
      registries: { [host]: { http: true } },
    }),
    version: "test",
  };
  await mkdir(join(folder, "manifests"));
  for (const name of ["web", "api"])
    await writeFile(join(folder, "manifests", `${name}.yaml`), manifest(host, name));
  const provider = kubernetes({ platform: () => platform, folder });
  return {
    provider: provider.clusters,
    service: "web",
    environment: "staging",
    versions,
    other: { service: "api", version: "2.0.0" },
    says: "listening",
    /** A release applies its one Deployment, a removal deletes it. */
    effects: async () => {
      const all = await kube.effects({ resource: "deployments", user: "shipmate" });
      return all.filter((one) => one.namespace === staging || one.namespace === second).length;
    },
    reachable: false,
    async cleanup() {
      await provider.close();
      await rm(folder, { recursive: true });
    },
  };
}
clustersContract("Kubernetes", create, describe.concurrent);

/**
 * A registry that knows its tags and tells no digests: the pretend node goes by an image's tag, which it no longer
 * sees where there is a digest too.
 */
async function tagsOnly(
  asker: Asker,
  images: Readonly<Record<string, readonly string[]>>,
): Promise<string> {
  const server = createServer(({ url = "" }, answer) => {
    const [, name = "", what, tag = ""] = /^\/v2\/(.+)\/(tags|manifests)\/([^?]+)/.exec(url) ?? [];
    const tags = images[name] ?? [];
    if (what === "tags") answer.end(JSON.stringify({ name, tags }));
    else answer.writeHead(tags.includes(tag) ? 503 : 404).end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  asker.onTestFinished(async () => void server.close());
  const at = server.address();
  return `127.0.0.1:${typeof at === "object" ? at?.port : ""}`;
}

function manifest(host: string, name: string): string {
  return `apiVersion: platform.company.io/v1
kind: WebService
metadata:
  name: ${name}
spec:
  image: ${host}/acme/${name}:latest
  replicas: 1
`;
}
