/** Several clusters in platform.yaml: each environment is on its own, and nothing else is touched. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Platform } from "../../../src/platform/schema.ts";
import { kubernetes } from "../../../src/providers/kubernetes/kubernetes.ts";
import { cluster, type User } from "../../kube.ts";
import { webService } from "../../kubernetes/house.ts";
import { bound, changes, eventually, open, see } from "../drive.ts";

test("a service of two clusters is released and looked at on each by itself, as who it is there", async (context) => {
  const kube = await cluster(context);
  const folder = await mkdtemp(join(tmpdir(), "shipmate-several-"));
  context.onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "manifests"));
  await writeFile(join(folder, "manifests/web.yaml"), webService("web", { image: "web" }));
  // Two accounts stand for two clusters: each has no rights where the other one works.
  const [first, second] = [await kube.namespace("first"), await kube.namespace("second")];
  await kube.grant("shipmate", "admin", first);
  await kube.grant("ada", "admin", second);
  const entry = (user: User) => ({ provider: "kubernetes", ...kube.as(user) });
  const platform = {
    ...Platform.parse({
      people: {},
      teams: { crew: { members: [] } },
      services: { web: { owner: "crew", manifests: "manifests/web.yaml" } },
      environments: {
        staging: { cluster: "here", namespace: first },
        production: { cluster: "there", namespace: second },
      },
      clusters: { here: entry("shipmate"), there: entry("ada") },
    }),
    version: "test",
  };
  const provider = kubernetes({ platform: () => platform, folder });
  context.onTestFinished(() => provider.close());
  const { release, running, rollout } = provider.clusters;
  const deployed = async (place: string, version: string) => {
    const at = { service: "web", environment: place };
    const plan = await changes(release.preview({ ...at, version }, see()));
    await release.run({ ...at, version }, bound(plan, `${place} ${version}`));
    await eventually(
      () => rollout(at, open),
      ({ state }) => state === "good",
    );
  };
  const runs = async (place: string) =>
    (await running({ service: "web", environment: place }, open)).version;
  const writers = async (namespace: string) => {
    const people = (await kube.effects({ namespace })).map(({ user }) => user);
    return [...new Set(people.filter((user) => user === "shipmate" || user === "ada"))];
  };

  await deployed("staging", "1.4.1");
  expect(await writers(second)).toEqual([]);
  expect([await runs("staging"), await runs("production")]).toEqual(["1.4.1", null]);
  await deployed("production", "1.4.2");
  expect([await runs("staging"), await runs("production")]).toEqual(["1.4.1", "1.4.2"]);
  expect([await writers(first), await writers(second)]).toEqual([["shipmate"], ["ada"]]);
});
