/** An API server that says "later". */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { ownCluster } from "../kube.ts";
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
