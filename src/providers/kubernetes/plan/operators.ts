/** Who makes the kinds that clusters are extended with, and where a platform team finds how to install it. */
import { groupOf } from "../order.ts";
import type { Ref } from "../types.ts";

/** `This cluster has no CloudNativePG (postgresql.cnpg.io/v1 Cluster): ask whoever runs it to install it, see https://…` */
export function absentText(
  cluster: string,
  { apiVersion, kind }: Pick<Ref, "apiVersion" | "kind">,
): string {
  const { group } = groupOf(apiVersion);
  const maker = operators.find(([suffix]) => group === suffix || group.endsWith(`.${suffix}`));
  if (maker === undefined)
    return `The cluster ${cluster} knows no ${kind} of ${apiVersion}: have what makes it installed, or correct its kind.`;
  const [, name, url] = maker;
  return `The cluster ${cluster} has no ${name} (${apiVersion} ${kind}): ask the platform team to install it, see ${url}.`;
}

const operators: readonly (readonly [string, string, string])[] = [
  ["postgresql.cnpg.io", "CloudNativePG", "https://cloudnative-pg.io/docs"],
  ["gateway.networking.k8s.io", "Gateway API", "https://gateway-api.sigs.k8s.io/guides"],
  ["cert-manager.io", "cert-manager", "https://cert-manager.io/docs/installation"],
  ["monitoring.coreos.com", "Prometheus Operator", "https://prometheus-operator.dev"],
  ["external-secrets.io", "External Secrets", "https://external-secrets.io"],
  ["crossplane.io", "Crossplane", "https://docs.crossplane.io"],
  ["upbound.io", "Crossplane's provider", "https://docs.crossplane.io"],
  [
    "rabbitmq.com",
    "RabbitMQ's operator",
    "https://www.rabbitmq.com/kubernetes/operator/operator-overview",
  ],
  ["strimzi.io", "Strimzi", "https://strimzi.io/quickstarts"],
  ["keda.sh", "KEDA", "https://keda.sh/docs/deploy"],
  ["argoproj.io", "Argo", "https://argoproj.github.io"],
  ["istio.io", "Istio", "https://istio.io/latest/docs/setup"],
  ["knative.dev", "Knative", "https://knative.dev/docs/install"],
  ["traefik.io", "Traefik", "https://doc.traefik.io/traefik"],
  ["bitnami.com", "Sealed Secrets", "https://github.com/bitnami-labs/sealed-secrets"],
  ["cilium.io", "Cilium", "https://docs.cilium.io"],
  ["kyverno.io", "Kyverno", "https://kyverno.io/docs/installation"],
  ["autoscaling.k8s.io", "the Vertical Pod Autoscaler", "https://github.com/kubernetes/autoscaler"],
  [
    "snapshot.storage.k8s.io",
    "volume snapshots",
    "https://kubernetes-csi.github.io/docs/snapshot-controller.html",
  ],
  ["platform.kratix.io", "Kratix", "https://docs.kratix.io"],
  ["toolkit.fluxcd.io", "Flux", "https://fluxcd.io/flux/installation"],
  ["shipmate.dev", "Shipmate's own kinds", "docs/kubernetes.md"],
];
