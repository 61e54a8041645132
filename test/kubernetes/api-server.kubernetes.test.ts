/** The API server goes away, falls silent and comes back in the middle of a rollout. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, type TestContext, test } from "vitest";
import { ownCluster } from "../kube.ts";
import { deploymentWrites, house } from "./house.ts";

/**
 * In the middle of the second rollout, `id`. No new pod is ready without its node, so that it goes on for as long as a
 * test needs.
 */
async function midRollout(context: TestContext) {
  const kube = await ownCluster(context);
  // However long the machine takes to bring its parts back, the version is not to blame.
  const it = await house(context, kube, { patience: "10m" });
  const { deploys, ends, shows } = it;
  expect((await ends(await deploys("1.4.1"))).card?.state?.word).toBe("Succeeded");
  await kube.kill("node");
  const id = await deploys("1.4.2");
  await shows(id, /0 of 3 new ready/);
  return { ...it, kube, id };
}

/** Plain words: nothing of how it is done inside. */
const jargon = /ECONN|socket|TLS|lease|timeout|errno|undefined|\bAPI\b|watch/i;

// Side by side in pairs: each has a control plane of its own, and four at once are a lot for two cores.
describe("an API server that is away", () => {
  test.concurrent("down for twenty seconds in mid-rollout: the card says so, the run goes on by itself, nothing is applied twice", async (context) => {
    const { kube, id, ends, shows, heard, namespaces } = await midRollout(context);
    await kube.kill("apiserver");
    const down = await shows(id, /prod has not answered for \d+ s/);
    expect(down.card?.says).not.toMatch(jargon);
    await sleep(20_000);
    await shows(id, /prod has not answered for ([2-9]\d|\d{3,}) s/);
    await kube.start("apiserver");
    await kube.start("node");
    const end = await ends(id);
    expect(end.card?.state?.word, heard(id).join("\n")).toBe("Succeeded");
    expect(await deploymentWrites(kube, namespaces.production)).toEqual(["patch", "patch"]);
  });

  test.concurrent("down between the approval and the first write: it is tried again until it works, and applied once", async (context) => {
    const kube = await ownCluster(context);
    const { ada, grace, ends, shows, namespaces, heard } = await house(context, kube);
    const { production } = namespaces;
    const id = await ada.asks("deploy web 1.4.1 to production", "Deploy web 1.4.1 to production");
    const asked = await grace.sees(id, "Waiting for approval");
    await kube.kill("apiserver");
    await grace.presses(asked, "Approve");
    const down = await shows(id, /did not work/);
    expect(down.card?.says).toMatch(/the cluster prod did not answer .* Trying again\./);
    await kube.start("apiserver");
    const end = await ends(id);
    expect(end.card?.state?.word, heard(id).join("\n")).toBe("Succeeded");
    expect(await deploymentWrites(kube, production)).toEqual(["patch"]);
  });
});

describe("an API server that says nothing for a while", () => {
  test.concurrent("silent, though it takes connections: other runs, answers and cards go on; then the run ends well", async (context) => {
    const { kube, id, ada, ends, shows, heard, namespaces } = await midRollout(context);
    await kube.pause("apiserver");
    const asked = await ada.asks("deploy web 1.4.2 to staging", "Deploy web 1.4.2 to staging");
    // Answers do not wait for the cluster, whose own would end after 15 s.
    for (let i = 0; i < 5; i++) {
      const began = performance.now();
      await ada.reads("services", /services/i);
      expect(performance.now() - began).toBeLessThan(10_000);
    }
    await shows(asked, /did not answer within 15 s/);
    const down = await shows(id, /prod has not answered for \d+ s/);
    expect(down.card?.says).not.toMatch(jargon);
    await kube.resume("apiserver");
    await kube.start("node");
    const [end, other] = [await ends(id), await ends(asked)];
    expect(end.card?.state?.word, heard(id).join("\n")).toBe("Succeeded");
    expect(other.card?.state?.word, heard(asked).join("\n")).toBe("Succeeded");
    expect(await deploymentWrites(kube, namespaces.production)).toEqual(["patch", "patch"]);
  });

  test.concurrent("watches that are cut miss nothing: a version that crashed meanwhile is seen and taken back", async (context) => {
    const { kube, id, deploys, ends, shows, heard, patience, namespaces } =
      await midRollout(context);
    for (let i = 0; i < 3; i++) {
      await shows(id, /0 of 3 new ready/);
      await kube.kill("apiserver");
      await kube.start("apiserver");
    }
    await kube.start("node");
    expect((await ends(id)).card?.state?.word, heard(id).join("\n")).toBe("Succeeded");

    await patience("5s");
    const crash = await deploys("1.5.1-crash");
    await shows(crash, /Running|Stuck/);
    await kube.kill("apiserver");
    await kube.start("apiserver");
    const back = await ends(crash);
    expect(back.card?.state?.word, heard(crash).join("\n")).toBe("Taken back");
    expect(back.card?.says).toMatch(/1\.5\.1-crash did not start: it exited with code 1/);
    // Two good ones, the one that crashed, and the step back.
    expect(await deploymentWrites(kube, namespaces.production)).toEqual([
      "patch",
      "patch",
      "patch",
      "patch",
    ]);
  });
});
