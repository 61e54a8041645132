/** Keeps a service's objects in its own namespace: what belongs elsewhere, or to the whole cluster, is refused. */
import { refuse } from "../../../core/refusal.ts";
import { type KubeObject, marks } from "../../../expand/object.ts";
import { line } from "../../../observe/text.ts";
import { groupOf } from "../order.ts";
import { recordType } from "../types.ts";
import { called } from "./objects.ts";

/** Kinds that belong to a cluster as a whole, as group and kind: Kubernetes' own, and some that many install. */
const clusterWide: ReadonlySet<string> = new Set([
  "/ComponentStatus",
  "/Node",
  "/PersistentVolume",
  "admissionregistration.k8s.io/MutatingAdmissionPolicy",
  "admissionregistration.k8s.io/MutatingAdmissionPolicyBinding",
  "admissionregistration.k8s.io/MutatingWebhookConfiguration",
  "admissionregistration.k8s.io/ValidatingAdmissionPolicy",
  "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding",
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration",
  "apiregistration.k8s.io/APIService",
  "authentication.k8s.io/SelfSubjectReview",
  "authentication.k8s.io/TokenReview",
  "authorization.k8s.io/SelfSubjectAccessReview",
  "authorization.k8s.io/SelfSubjectRulesReview",
  "authorization.k8s.io/SubjectAccessReview",
  "certificates.k8s.io/CertificateSigningRequest",
  "certificates.k8s.io/ClusterTrustBundle",
  "cert-manager.io/ClusterIssuer",
  "external-secrets.io/ClusterExternalSecret",
  "external-secrets.io/ClusterSecretStore",
  "flowcontrol.apiserver.k8s.io/FlowSchema",
  "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration",
  "gateway.networking.k8s.io/GatewayClass",
  "internal.apiserver.k8s.io/StorageVersion",
  "networking.k8s.io/IngressClass",
  "networking.k8s.io/IPAddress",
  "networking.k8s.io/ServiceCIDR",
  "node.k8s.io/RuntimeClass",
  "rbac.authorization.k8s.io/ClusterRole",
  "rbac.authorization.k8s.io/ClusterRoleBinding",
  "resource.k8s.io/DeviceClass",
  "resource.k8s.io/ResourceSlice",
  "scheduling.k8s.io/PriorityClass",
  "storage.k8s.io/CSIDriver",
  "storage.k8s.io/CSINode",
  "storage.k8s.io/StorageClass",
  "storage.k8s.io/VolumeAttachment",
  "storage.k8s.io/VolumeAttributesClass",
  "storagemigration.k8s.io/StorageVersionMigration",
]);

/**
 * The objects in `namespace`, one of each name. A Namespace that is this very one is left out: it is there, and a
 * release that once lacks it must not delete it.
 */
export function scoped(
  objects: readonly KubeObject[],
  at: { readonly service: string; readonly namespace: string },
): readonly KubeObject[] {
  const seen = new Set<string>();
  return objects.flatMap((object) => {
    const { group } = groupOf(object.apiVersion);
    if (group === "" && object.kind === "Namespace" && object.metadata.name === at.namespace)
      return [];
    misplaced(object, group, at);
    const name = `${group}/${called(object)}`;
    if (seen.has(name)) refuse(`The manifests of ${at.service} have ${called(object)} twice.`);
    seen.add(name);
    return [{ ...object, metadata: { ...object.metadata, namespace: at.namespace } }];
  });
}

function misplaced(
  object: KubeObject,
  group: string,
  { service, namespace }: { readonly service: string; readonly namespace: string },
): void {
  if (group === "apiextensions.k8s.io")
    refuse(
      `${called(object)} of ${service} would change the whole cluster: ask those who run the cluster to install it, and take it out of the manifests.`,
    );
  if (group === "" && object.kind === "Namespace")
    refuse(
      `${called(object)} of ${service} is not the namespace that platform.yaml names here, which is ${namespace}, and only that one is touched.`,
    );
  if (clusterWide.has(`${group}/${object.kind}`))
    refuse(
      `${called(object)} of ${service} belongs to the whole cluster, and only namespaces that platform.yaml names are touched: take it out of the manifests.`,
    );
  const other = object.metadata.namespace;
  if (other !== undefined && other !== namespace)
    refuse(
      `${called(object)} of ${service} is for the namespace ${other}, but platform.yaml says ${namespace} here: take the namespace out of the manifest.`,
    );
  const isSecret = group === "" && object.kind === "Secret";
  if (isSecret && (object["type"] === recordType || object.metadata.name.startsWith("shipmate.")))
    refuse(
      `${called(object)} of ${service} is like the Secrets in which Shipmate keeps its releases: give it another name and type.`,
    );
  const whose = claimed(object).find((name) => name !== service);
  if (whose !== undefined)
    refuse(
      `${called(object)} of ${service} bears the label ${marks.service}: ${line(String(whose), 63)}, which would make it that one's: take the label out of the manifests.`,
    );
}

/** Whose its pods and other parts say they are, wherever labels stand in it. */
function claimed(data: unknown): readonly unknown[] {
  if (typeof data !== "object" || data === null) return [];
  return Object.entries(data).flatMap(([field, value]) =>
    field === "labels" && typeof value === "object" && value !== null
      ? [Reflect.get(value, marks.service)].filter((name) => name !== undefined)
      : claimed(value),
  );
}
