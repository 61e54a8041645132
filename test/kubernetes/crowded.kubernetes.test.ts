/** An API server that says "later", and a namespace with two thousand pods. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { ownCluster } from "../kube.ts";
import { until } from "../shipmate.ts";
import { deploymentWrites, house } from "./house.ts";

test("an API server that lets Shipmate ask little is waited for, and the run ends well", async (context) => {
  const kube = await ownCluster(context);
  // Without a queue whatever comes while the one seat is taken is refused with 429.
  await kube.apply(`
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: PriorityLevelConfiguration
metadata: { name: shipmate-slowly }
spec:
  type: Limited
  limited: { nominalConcurrencyShares: 0, lendablePercent: 0, borrowingLimitPercent: 0, limitResponse: { type: Reject } }
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: { name: shipmate-slowly }
spec:
  priorityLevelConfiguration: { name: shipmate-slowly }
  matchingPrecedence: 100
  distinguisherMethod: { type: ByUser }
  rules:
    - subjects: [{ kind: User, user: { name: shipmate } }]
      resourceRules:
        - { verbs: ["*"], apiGroups: ["*"], resources: ["*"], namespaces: ["*"], clusterScope: true }
`);
  await kube.grant("shipmate", "cluster-admin");
  const { deploys, ends, shows, heard, namespaces } = await house(context, kube, {
    cluster: { context: "shipmate" },
  });
  const limit = (shares: number) =>
    kube.kubectl(
      ...["patch", "prioritylevelconfiguration", "shipmate-slowly", "--type=merge", "-p"],
      JSON.stringify({ spec: { limited: { nominalConcurrencyShares: shares } } }),
    );
  /** No seat at all for a while: nothing is answered but "later". */
  const nothing = async () => {
    await limit(0);
    return { over: sleep(8_000).then(() => limit(1)) };
  };
  const refused = async () => {
    const all = /apiserver_flowcontrol_rejected_requests_total\{.*shipmate-slowly.*\} (\d+)/;
    return Number(all.exec(await kube.metrics())?.[1] ?? 0);
  };
  await limit(1);
  expect((await ends(await deploys("1.4.1"))).card?.state?.word).toBe("Succeeded");
  // No new pod is ready without its node.
  await kube.kill("node");
  const id = await deploys("1.4.2");
  await shows(id, /0 of 3 new ready/);
  const before = await refused();
  const once = await nothing();
  await kube.start("node");
  const end = await ends(id);
  expect(end.card?.state?.word, heard(id).join("\n")).toBe("Succeeded");
  const later = await deploys("1.4.3");
  const again = await nothing();
  expect((await ends(later)).card?.state?.word, heard(later).join("\n")).toBe("Succeeded");
  await Promise.all([once.over, again.over]);
  expect((await refused()) - before, "it was refused meanwhile").toBeGreaterThan(0);
  expect(await deploymentWrites(kube, namespaces.production)).toEqual(["patch", "patch", "patch"]);
});

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
