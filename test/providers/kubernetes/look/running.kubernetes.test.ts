import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, type TestContext, test } from "vitest";
import { rollout } from "../../../../src/providers/kubernetes/look/rollout.ts";
import { running } from "../../../../src/providers/kubernetes/look/running.ts";
import { type Kube, ownCluster } from "../../../kube.ts";
import { eventually, open } from "../../drive.ts";
import { at, type Looks, long, looks } from "./looks.ts";

async function good(context: TestContext, kube?: Kube): Promise<Looks> {
  const world = await looks(context, { patience: long, ...(kube && { kube }) });
  await world.release("1.4.1", { replicas: 2 });
  await eventually(
    () => rollout(world.reading)(at, open),
    ({ state }) => state === "good",
  );
  return world;
}

describe("what runs on a cluster", () => {
  test.concurrent("tells what somebody changed by hand", async (context) => {
    const world = await good(context);
    const look = running(world.reading);
    const { namespace, kube } = world;
    expect((await look(at, open)).differs).toBeUndefined();
    await kube.kubectl("scale", "deploy/web", "--replicas=3", "-n", namespace);
    await eventually(
      () => look(at, open),
      ({ differs, ready }) =>
        differs === "Scaled to 3 by hand, until the next deploy." && ready === 3,
    );
    await kube.kubectl("rollout", "restart", "deploy/web", "-n", namespace);
    await eventually(
      () => look(at, open),
      ({ differs }) =>
        differs === "Scaled to 3 by hand, until the next deploy. Restarted since the deploy.",
    );
    await kube.kubectl("delete", "deploy/web", "-n", namespace);
    await eventually(
      () => look(at, open),
      ({ version, why }) =>
        version === null && why !== undefined && /deleted the Deployment web/.test(why),
    );
  });

  test.concurrent("goes on with honest words while the cluster is silent, and after it", async (context) => {
    const kube = await ownCluster(context);
    const world = await good(context, kube);
    const look = rollout(world.reading);
    await kube.kill("apiserver");
    const says =
      /^The cluster prod has not answered for \d+ s \(.+\)\. 2 of 2 were ready before\.$/;
    await eventually(
      () => look(at, open),
      (found) => found.state === "going" && says.test(found.says) && found.version === "1.4.1",
    );
    expect((await running(world.reading)(at, open)).why).toMatch(/This is how it was then\.$/);
    await pause(1_000);
    await kube.start("apiserver");
    await eventually(
      () => look(at, open),
      ({ state }) => state === "good",
    );
  });
});
