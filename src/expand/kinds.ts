/** Which objects come before others when a service is applied for the first time. */
import type { KubeObject } from "./object.ts";

type Kind = Pick<KubeObject, "apiVersion" | "kind">;

/** What a service's pods rest on, its migration's too: these come first. */
export const isGround = ({ apiVersion, kind }: Kind): boolean =>
  groundKinds.some((one) => one.kind === kind && groupOf(one) === groupOf({ apiVersion }));

/** Their kinds; of those that operators bring, in the versions that are served today. */
export const groundKinds: readonly Kind[] = [
  { apiVersion: "v1", kind: "ServiceAccount" },
  { apiVersion: "v1", kind: "ConfigMap" },
  { apiVersion: "v1", kind: "Secret" },
  { apiVersion: "v1", kind: "PersistentVolumeClaim" },
  { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" },
  { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role" },
  { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding" },
  { apiVersion: "external-secrets.io/v1", kind: "ExternalSecret" },
  { apiVersion: "postgresql.cnpg.io/v1", kind: "Cluster" },
];

/** `apps/v1` is of the group `apps`; the first group of all has no name. */
const groupOf = ({ apiVersion }: Pick<Kind, "apiVersion">): string =>
  apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
