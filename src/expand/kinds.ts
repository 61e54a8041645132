/** What kinds of objects an expansion is made of mean for whoever applies or removes them. */
import type { KubeObject } from "./object.ts";

/** What a service's pods rest on, its migration's too: these come first. */
export const isGround = ({ kind }: Pick<KubeObject, "kind">): boolean => grounds.includes(kind);
const grounds = [
  "ServiceAccount",
  "ConfigMap",
  "NetworkPolicy",
  "PersistentVolumeClaim",
  "Cluster",
];

/** Whether data is lost with it. */
export const holdsData = ({ apiVersion, kind }: Pick<KubeObject, "apiVersion" | "kind">): boolean =>
  kind === "PersistentVolumeClaim" ||
  (kind === "Cluster" && apiVersion.startsWith("postgresql.cnpg.io/"));
