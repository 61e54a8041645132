/** The API server goes away, falls silent and comes back in the middle of a rollout. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { ownCluster } from "../kube.ts";
import { deploymentWrites, house } from "./house.ts";

/** Plain words: nothing of how it is done inside. */
const jargon = /ECONN|socket|TLS|lease|timeout|errno|undefined|\bAPI\b|watch/i;

test("down for twenty seconds in mid-rollout: the card says so, the run goes on by itself, nothing is applied twice", async (context) => {
  const kube = await ownCluster(context);
  const { deploys, ends, shows, heard, namespaces } = await house(context, kube);
  const { production } = namespaces;
  expect((await ends(await deploys("1.4.1"))).card?.state?.word).toBe("Succeeded");
  const id = await deploys("1.4.2-slow");
  await shows(id, /\d of 3 new ready/);
  await kube.kill("apiserver");
  const down = await shows(id, /prod has not answered for \d+ s/);
  expect(down.card?.says).not.toMatch(jargon);
  await sleep(20_000);
  await shows(id, /prod has not answered for [2-9]\d s/);
  await kube.start("apiserver");
  // The pretend node never says again what it could not say meanwhile; a fresh one looks at all of its pods.
  await kube.kill("node");
  await kube.start("node");
  const end = await ends(id);
  expect(end.card?.state?.word, heard(id).join("\n")).toBe("Succeeded");
  expect(await deploymentWrites(kube, production)).toEqual(["patch", "patch"]);
});

test("down between the approval and the first write: it is tried again until it works, and applied once", async (context) => {
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

test("silent, though it takes connections: other runs, answers and cards go on; then the run ends well", async (context) => {
  const kube = await ownCluster(context);
  const { ada, deploys, ends, shows, heard, namespaces } = await house(context, kube);
  const { production } = namespaces;
  expect((await ends(await deploys("1.4.1"))).card?.state?.word).toBe("Succeeded");
  const id = await deploys("1.4.2-slow");
  await shows(id, /\d of 3 new ready/);
  await kube.pause("apiserver");
  const asked = await ada.asks("deploy web 1.4.2 to staging", "Deploy web 1.4.2 to staging");
  // Answers do not wait for the cluster.
  for (let i = 0; i < 5; i++) {
    const began = performance.now();
    await ada.reads("services", /services/i);
    expect(performance.now() - began).toBeLessThan(3_000);
  }
  await shows(asked, /did not answer within 15 s/);
  const down = await shows(id, /prod has not answered for \d+ s/);
  expect(down.card?.says).not.toMatch(jargon);
  await kube.resume("apiserver");
  const [end, other] = [await ends(id), await ends(asked)];
  expect(end.card?.state?.word, heard(id).join("\n")).toBe("Succeeded");
  expect(other.card?.state?.word, heard(asked).join("\n")).toBe("Succeeded");
  expect(await deploymentWrites(kube, production)).toEqual(["patch", "patch"]);
});

test("watches that are cut miss nothing: a version that crashed meanwhile is seen and taken back", async (context) => {
  const kube = await ownCluster(context);
  const { deploys, ends, shows, heard, namespaces } = await house(context, kube, {
    patience: "25s",
  });
  const { production } = namespaces;
  expect((await ends(await deploys("1.4.1"))).card?.state?.word).toBe("Succeeded");
  const id = await deploys("1.4.2-slow");
  for (let i = 0; i < 3; i++) {
    await shows(id, /\d of 3 new ready/);
    await kube.kill("apiserver");
    await kube.start("apiserver");
  }
  expect((await ends(id)).card?.state?.word, heard(id).join("\n")).toBe("Succeeded");

  const crash = await deploys("1.5.1-crash");
  await shows(crash, /Running|Stuck/);
  await kube.kill("apiserver");
  await kube.start("apiserver");
  const back = await ends(crash);
  expect(back.card?.state?.word, heard(crash).join("\n")).toBe("Taken back");
  expect(back.card?.says).toMatch(/1\.5\.1-crash did not start: it exited with code 1/);
  // Two good ones, the one that crashed, and the step back.
  expect(await deploymentWrites(kube, production)).toEqual(["patch", "patch", "patch", "patch"]);
});
