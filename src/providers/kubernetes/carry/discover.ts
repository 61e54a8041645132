/** What runs under a service's name in its namespace, applied by anything: its workloads, and what serves only them. */
import { z } from "zod";
import { type KubeObject, marks } from "../../../expand/object.ts";
import { nameOf } from "../order.ts";
import { inTens } from "../tens.ts";
import type { Cluster, Ref, Spot } from "../types.ts";

/** In the order of their names, with all that the API server tells. What several services share is left out. */
export async function discover(
  { service, namespace }: Spot,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const lists = await inTens([...running, ...around], async (kind) => {
    if ((await cluster.serves(kind, signal)) === undefined) return [];
    return cluster.list(kind, { namespace }, signal);
  });
  const all = lists.flat();
  const workloads = all.filter((object) => running.some(({ kind }) => kind === object.kind));
  const ours = workloads.filter((object) => isNamed(object, service));
  const others = workloads.filter((object) => !ours.includes(object));
  /** Whether it selects pods of ours, and of nobody else. */
  const isOnlyOurs = (selector: Labels | undefined): boolean =>
    ours.some((one) => selects(selector, one)) && !others.some((one) => selects(selector, one));
  const services = all.filter(
    (object) => object.kind === "Service" && isOnlyOurs(Selecting.parse(object).spec.selector),
  );
  const names = new Set(services.map(({ metadata }) => metadata.name));
  const more = all.filter((object) => {
    switch (object.kind) {
      case "HorizontalPodAutoscaler": {
        const { kind, name } = Scaling.parse(object).spec.scaleTargetRef;
        return ours.some((one) => one.kind === kind && one.metadata.name === name);
      }
      case "PodDisruptionBudget":
        return isOnlyOurs(Guarding.parse(object).spec.selector?.matchLabels);
      case "NetworkPolicy":
        return isOnlyOurs(Fencing.parse(object).spec.podSelector.matchLabels);
      case "Ingress":
      case "HTTPRoute": {
        const backends = [...backendsOf(object["spec"])];
        return backends.length > 0 && backends.every((name) => names.has(name));
      }
      default:
        return false;
    }
  });
  return [...ours, ...services, ...more].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

type Labels = Readonly<Record<string, string>>;
type Kind = Pick<Ref, "apiVersion" | "kind">;

const running: readonly Kind[] = ["Deployment", "StatefulSet", "DaemonSet"].map((kind) => ({
  apiVersion: "apps/v1",
  kind,
}));
const around: readonly Kind[] = [
  { apiVersion: "v1", kind: "Service" },
  { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler" },
  { apiVersion: "policy/v1", kind: "PodDisruptionBudget" },
  { apiVersion: "networking.k8s.io/v1", kind: "Ingress" },
  { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute" },
  { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" },
];

const labels = z.record(z.string(), z.string());
const Selecting = z.object({ spec: z.object({ selector: labels.optional() }) });
const Selector = z.object({ matchLabels: labels.optional() });
const Guarding = z.object({ spec: z.object({ selector: Selector.optional() }) });
const Fencing = z.object({ spec: z.object({ podSelector: Selector.default({}) }) });
const Scaling = z.object({
  spec: z.object({ scaleTargetRef: z.object({ kind: z.string(), name: z.string() }) }),
});
const Template = z.object({
  spec: z.object({
    template: z.object({ metadata: z.object({ labels: labels.default({}) }).prefault({}) }),
  }),
});

function isNamed({ metadata }: KubeObject, service: string): boolean {
  if (metadata.name === service) return true;
  return ["app", marks.name, "app.kubernetes.io/instance"].some(
    (label) => metadata.labels?.[label] === service,
  );
}

/** One without labels selects everything: it is nobody's own. */
function selects(selector: Labels | undefined, workload: KubeObject): boolean {
  const pods = Template.parse(workload).spec.template.metadata.labels;
  const wants = Object.entries(selector ?? {});
  return wants.length > 0 && wants.every(([label, value]) => pods[label] === value);
}

/** The names of all Services that an Ingress or a route leads to, wherever they stand in it. */
function* backendsOf(value: unknown, field = ""): Generator<string> {
  if (Array.isArray(value)) {
    for (const each of value) yield* backendsOf(each, field);
  } else if (typeof value === "object" && value !== null) {
    const name = Reflect.get(value, "name");
    if ((field === "service" || field === "backendRefs") && typeof name === "string") yield name;
    for (const [key, each] of Object.entries(value)) yield* backendsOf(each, key);
  }
}
