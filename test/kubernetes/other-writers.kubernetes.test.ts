/** Others write to the cluster while Shipmate works: what was approved is what is carried out, or it is asked again. */
import { expect, test } from "vitest";
import { cluster } from "../kube.ts";
import { deploymentWrites, house } from "./house.ts";

const fixed = { image: "web", replicas: 3, autoscale: { enabled: false } };

test.concurrent("a field of ours that another changed voids the votes; the card says what and by whom, and asks again", async (context) => {
  const kube = await cluster(context);
  const { ada, grace, deploys, ends, shows, namespaces } = await house(context, kube, {
    spec: fixed,
  });
  const { production } = namespaces;
  const replicas = () =>
    kube.kubectl("get", "deployment/web", "-n", production, "-o", "jsonpath={.spec.replicas}");
  const scale = (to: number) =>
    kube.kubectl("scale", "deployment/web", `--replicas=${to}`, "-n", production);
  expect((await ends(await deploys("1.4.1"))).card?.state?.word).toBe("Succeeded");

  const id = await ada.asks("deploy web 1.4.2 to production", "Deploy web 1.4.2 to production");
  const asked = await grace.sees(id, "Waiting for approval");
  await scale(5);
  await grace.presses(asked, "Approve");
  const again = await shows(id, /Waiting again/);
  expect(again.card?.says).toMatch(/changed since Grace approved.*replicas 3 → 5 \(kubectl\)/);
  expect(await deploymentWrites(kube, production), "nothing was applied").toEqual([
    "patch",
    "patch scale",
  ]);

  await grace.presses(again, "Approve");
  expect((await ends(id)).card?.state?.word).toBe("Succeeded");
  expect(await deploymentWrites(kube, production)).toEqual(["patch", "patch scale", "patch"]);
  expect(await replicas()).toBe("3");
});

test.concurrent("what we do not set may change after the approval, and nobody is asked again", async (context) => {
  const kube = await cluster(context);
  const { ada, grace, deploys, ends, heard, namespaces } = await house(context, kube);
  const { production } = namespaces;
  expect((await ends(await deploys("1.4.1"))).card?.state?.word).toBe("Succeeded");

  const id = await ada.asks("deploy web 1.4.2 to production", "Deploy web 1.4.2 to production");
  const asked = await grace.sees(id, "Waiting for approval");
  const on = ["deployment/web", "-n", production];
  await kube.kubectl("annotate", ...on, "team.example/note=looked at");
  await kube.kubectl("label", ...on, "team.example/tier=one");
  // As the autoscaler does it: the number of pods is its own.
  await kube.kubectl("scale", ...on, "--replicas=4");
  await kube.kubectl("rollout", "status", ...on, "--timeout=180s");
  await grace.presses(asked, "Approve");
  expect((await ends(id)).card?.state?.word).toBe("Succeeded");
  expect(heard(id).filter((words) => words.startsWith("Waiting again"))).toEqual([]);
  const kept = await kube.kubectl("get", ...on, "-o", "jsonpath={.metadata.annotations}");
  expect(kept).toContain("team.example/note");
});

test.concurrent("a change between the plan and the vote of a first release is seen too", async (context) => {
  const kube = await cluster(context);
  const { ada, grace, ends, shows, namespaces } = await house(context, kube);
  const { production } = namespaces;
  const id = await ada.asks("deploy web 1.4.1 to production", "Deploy web 1.4.1 to production");
  const asked = await grace.sees(id, "Waiting for approval");
  await kube.kubectl("create", "serviceaccount", "web", "-n", production);
  await kube.kubectl("create", "service", "clusterip", "web", "--tcp=8080:8080", "-n", production);
  await grace.presses(asked, "Approve");
  const again = await shows(id, /Waiting again/);
  expect(again.card?.says).toMatch(/changed since Grace approved/);
  expect(await deploymentWrites(kube, production)).toEqual([]);
  await grace.presses(again, "Approve");
  expect((await ends(id)).card?.state?.word).toBe("Succeeded");
});
