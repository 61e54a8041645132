/** How many there are: the autoscaler, and the budget that keeps enough of them while nodes are emptied. */
import type { WebSpec } from "../platform/web-spec.ts";
import type { KubeObject } from "./object.ts";
import { scales } from "./range.ts";
import { labels, make, selector, type Web } from "./web.ts";

/** Of the Deployment with this name. */
export function scaling(
  web: Web,
  name: string,
  component: string,
  { replicas, autoscale }: { readonly replicas: number; readonly autoscale: WebSpec["autoscale"] },
): readonly KubeObject[] {
  const range = scales(autoscale, replicas);
  const metadata = { name, labels: labels(web, component) };
  const metric = (resource: string, averageUtilization: number | undefined) =>
    averageUtilization === undefined
      ? []
      : [
          {
            type: "Resource",
            resource: { name: resource, target: { type: "Utilization", averageUtilization } },
          },
        ];
  const autoscaler = range && [
    make(web, { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler" }, metadata, {
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
        minReplicas: range.min,
        maxReplicas: range.max,
        metrics: [...metric("cpu", autoscale.cpu), ...metric("memory", autoscale.memory)],
      },
    }),
  ];
  return [...(autoscaler ?? []), ...budget(web, metadata, component, range?.min ?? replicas)];
}

/** Never blocks a drain: it allows one at a time, always the moving of pods that are not healthy, and is absent for one replica. */
function budget(
  web: Web,
  metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
  component: string,
  least: number,
): readonly KubeObject[] {
  const { enabled, maxUnavailable } = web.spec.disruption;
  if (!enabled || least < 2) return [];
  return [
    make(web, { apiVersion: "policy/v1", kind: "PodDisruptionBudget" }, metadata, {
      spec: {
        maxUnavailable,
        unhealthyPodEvictionPolicy: "AlwaysAllow",
        selector: { matchLabels: selector(web, component) },
      },
    }),
  ];
}
