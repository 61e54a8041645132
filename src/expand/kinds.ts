/** Which objects come before others when a service is applied for the first time. */
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
