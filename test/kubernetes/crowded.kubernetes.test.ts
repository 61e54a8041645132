/** A namespace with two thousand pods. */
import { expect, test } from "vitest";
import { ownCluster } from "../kube.ts";
import { until } from "../shipmate.ts";
import { house } from "./house.ts";

test("two thousand pods in the namespace slow nothing down and take little memory", async (context) => {
  const kube = await ownCluster(context, { nodes: 9 });
  const { ada, deploys, ends, heard, namespaces } = await house(context, kube, {
    spec: { image: "web", replicas: 20 },
    patience: "120s",
  });
  const { production } = namespaces;
  const crowds = Array.from({ length: 20 }, (_, n) => crowd(`crowd-${n}`, 99));
  await kube.apply(
    JSON.stringify({ apiVersion: "v1", kind: "List", items: crowds }),
    "-n",
    production,
  );
  const running = ["get", "pods", "-n", production, "--field-selector=status.phase=Running"];
  const count = async () => (await kube.kubectl(...running, "-o", "name")).split("\n").length - 1;
  await until("two thousand pods", async () => (await count()) >= 1_980, 500_000);
  const before = process.memoryUsage().rss;
  const timed = async (what: () => Promise<unknown>) => {
    const began = performance.now();
    await what();
    return performance.now() - began;
  };
  const rollouts: number[] = [];
  for (const version of ["1.4.1", "1.4.2"]) {
    const id = await deploys(version);
    rollouts.push(
      await timed(async () => {
        const end = await ends(id);
        expect(end.card?.state?.word, heard(id).join("\n")).toBe("Succeeded");
      }),
    );
  }
  // Its own work, which a busy machine does not add to: of this process, so the console and the test are in it.
  const worked = process.cpuUsage();
  const looks: number[] = [];
  for (let i = 0; i < 10; i++)
    looks.push(await timed(() => ada.reads("status web in production", /^web in production/)));
  const { user, system } = process.cpuUsage(worked);
  const work = (user + system) / 1_000 / looks.length;
  const more = (process.memoryUsage().rss - before) / 2 ** 20;
  const told = JSON.stringify({ rollouts, looks, work, more });
  context.annotate(told);
  expect(work, `${told}: milliseconds of a processor for a status`).toBeLessThan(500);
  expect(more, `${told}: MB`).toBeLessThan(300);
}, 900_000);

function crowd(name: string, replicas: number) {
  const labels = { app: name };
  const containers = [{ name: "crowd", image: "crowd:1.0.0" }];
  return {
    ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name } },
    spec: {
      ...{ replicas, selector: { matchLabels: labels } },
      template: { metadata: { labels }, spec: { containers } },
    },
  };
}
