/** What belongs to the whole cluster and is not known by its name, on a real control plane. */
import { expect, test } from "vitest";
import { confined } from "../../../../src/providers/kubernetes/api/confined.ts";
import { release } from "../../../../src/providers/kubernetes/carry/release.ts";
import { eventually, see } from "../../drive.ts";
import { rendered, stage, web } from "../deck.ts";

test("a custom kind of the whole cluster is refused in the plan, before anything is applied", async (context) => {
  const { kube, at, another, namespace, versions } = await stage(context);
  await kube.apply(`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: rules.guard.example.com }
spec:
  group: guard.example.com
  scope: Cluster
  names: { kind: Rule, listKind: RuleList, plural: rules, singular: rule }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
`);
  context.onTestFinished(async () => {
    await kube.kubectl("delete", "crd", "rules.guard.example.com");
  });
  const rule = { apiVersion: "guard.example.com/v1", kind: "Rule" };
  versions.set(
    "1.4.2",
    rendered([
      ...web(namespace, "1.4.2"),
      { ...rule, metadata: { name: "open-all", namespace }, spec: { allow: "everything" } },
    ]),
  );
  const deck = another((cluster) => confined(cluster, namespace));
  const refused = () =>
    release(deck)
      .preview({ ...at, version: "1.4.2" }, see())
      .then(() => "planned", String);
  // The API server serves a new kind a moment after it was defined.
  const says = await eventually(refused, (text) => !/does not know|no kind|not know/.test(text));
  expect(says).toContain(
    `Rule open-all does not belong to the namespace ${namespace}, and nothing else is touched here`,
  );
  expect(await kube.effects({ user: "shipmate" })).toEqual([]);
});
