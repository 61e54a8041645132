/** The effects `adopt` and `disown` on a real control plane: they write records, and nothing else. */
import { expect, test } from "vitest";
import { Moved, Refusal } from "../../../../src/core/refusal.ts";
import { adopt as adoptOf } from "../../../../src/providers/kubernetes/carry/adopt.ts";
import { disown as disownOf } from "../../../../src/providers/kubernetes/carry/disown.ts";
import { release as releaseOf } from "../../../../src/providers/kubernetes/carry/release.ts";
import { bound, changes, open, see } from "../../drive.ts";
import { type Stage, stage } from "../deck.ts";

/** As somebody applied it by hand, with a neighbour that shares an Ingress and a policy with it. */
const byHand = (name: string, labels = `app: ${name}`) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, labels: { ${labels} } }
spec:
  replicas: 1
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name}, tier: front } }
    spec: { containers: [{ name: ${name}, image: "ghcr.io/acme/web:1.4.1" }] }
---
apiVersion: v1
kind: Service
metadata: { name: ${name}-svc }
spec: { selector: { app: ${name} }, ports: [{ port: 80, targetPort: 8080 }] }
---
`;
const around = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web }
spec:
  rules:
    - host: web.example.com
      http:
        paths: [{ path: /, pathType: Prefix, backend: { service: { name: web-svc, port: { number: 80 } } } }]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shared }
spec:
  rules:
    - host: all.example.com
      http:
        paths:
          - { path: /web, pathType: Prefix, backend: { service: { name: web-svc, port: { number: 80 } } } }
          - { path: /api, pathType: Prefix, backend: { service: { name: api-svc, port: { number: 80 } } } }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web }
spec: { maxUnavailable: 1, selector: { matchLabels: { app: web } } }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: front }
spec: { podSelector: { matchLabels: { tier: front } } }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web }
spec: { minReplicas: 1, maxReplicas: 3, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web } }
`;

async function world(context: Parameters<typeof stage>[0], yaml: string) {
  const it = await stage(context);
  await it.kube.apply(yaml, "-n", it.namespace);
  return { ...it, adopt: adoptOf(it.deck), disown: disownOf(it.deck) };
}
const ours = async ({ kube, namespace }: Stage) =>
  (await kube.effects({ namespace, user: "shipmate" })).map(
    ({ verb, resource }) => `${verb} ${resource}`,
  );

test.concurrent("it takes what is the service's alone into care, changes nothing, and plans from there", async (context) => {
  const it = await world(context, byHand("web") + byHand("api") + around);
  const { adopt, disown, at, deck, spot, versions } = it;
  const plan = await changes(adopt.preview(at, see()));
  expect(plan.changes.map(({ field, from }) => [field, from])).toEqual([
    ["version", null],
    ["Deployment web", "there, set by kubectl"],
    ["HorizontalPodAutoscaler web", "there, set by kubectl"],
    ["Ingress web", "there, set by kubectl"],
    ["PodDisruptionBudget web", "there, set by kubectl"],
    ["Service web-svc", "there, set by kubectl"],
  ]);
  expect(plan.changes[0]).toMatchObject({ to: "1.4.1" });
  expect(plan.undo).toMatchObject([{ op: "clusters.disown", input: at }]);
  await Promise.all([adopt.run(at, bound(plan, "a")), adopt.run(at, bound(plan, "a"))]);
  await adopt.run(at, bound(plan, "a"));
  expect(await ours(it)).toEqual(["create secrets"]);
  expect(await adopt.preview(at, see())).toEqual({ same: {} });
  expect(await deck.records.list(spot, open)).toMatchObject([
    { number: 1, state: "adopted", version: "1.4.1", url: "http://web.example.com" },
  ]);
  const content = (await deck.records.content(spot, 1, open)) ?? [];
  const pods = content.find(({ kind }) => kind === "Deployment");
  expect(pods?.["spec"], "its autoscaler sets how many").not.toHaveProperty("replicas");
  const next = await changes(releaseOf(deck).preview({ ...at, version: "1.4.2" }, see()));
  expect(next.changes[0]).toMatchObject({ from: "1.4.1", to: "1.4.2" });
  const fields = next.changes.map(({ field }) => field);
  expect(fields).toContain("Service web-svc"); // what the manifests don't have would go, and that is said
  expect(next.undo).toMatchObject([
    { input: { version: "1.4.1", like: expect.stringMatching(/^1\//) } },
  ]);
  expect(versions.size).toBe(3);
  const away = await changes(disown.preview(at, see()));
  expect(away.undo).toMatchObject([{ op: "clusters.adopt", input: at }]);
  await disown.run(at, bound(away, "b"));
  expect(await disown.preview(at, see())).toEqual({ same: {} });
  expect(await ours(it)).toEqual(["create secrets", "patch secrets"]);
});

test.concurrent("what another tool would put back is not adopted, and nothing where nothing runs", async (context) => {
  const argo = `annotations: { "argocd.argoproj.io/tracking-id": "shop:apps/Deployment:x/web" }`;
  const it = await world(
    context,
    byHand("web").replace("labels: { app: web } }", `labels: { app: web }, ${argo} }`),
  );
  const preview = it.adopt.preview(it.at, see());
  await expect(preview).rejects.toThrow(Refusal);
  await expect(preview).rejects.toThrow(
    /Argo CD \(application shop\) manages Deployment web and would put back/,
  );
  const nothing = it.adopt.preview({ ...it.at, service: "nobody" }, see());
  await expect(nothing).rejects.toThrow(/Nothing runs in staging that is named nobody/);
});

test.concurrent("what another service of ours has released is not adopted", async (context) => {
  const labels = "app: web, shipmate.dev/service: shop, shipmate.dev/environment: staging";
  const it = await world(context, byHand("shop", labels));
  await expect(it.adopt.preview(it.at, see())).rejects.toThrow(
    "Deployment shop belongs to shop already, so web can't adopt it.",
  );
});

test.concurrent("what was made anew since the plan is looked at again", async (context) => {
  const { adopt, at, kube, namespace, deck, spot } = await world(context, byHand("web"));
  const plan = await changes(adopt.preview(at, see()));
  await kube.kubectl("delete", "deployment", "web", "-n", namespace);
  await kube.apply(byHand("web"), "-n", namespace);
  await expect(adopt.run(at, bound(plan, "a"))).rejects.toThrow(Moved);
  expect(await deck.records.list(spot, open)).toEqual([]);
});
