/** Kubernetes objects as data: what a short definition becomes, and what a cluster is told. */
import type { Json } from "../core/operation.ts";

/** One object of a cluster's API. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly [field: string]: Json | Metadata | undefined;
}
export interface Metadata {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly [field: string]: Json | undefined;
}

/** Labels and annotations of ours: on every object, and on every pod template that we make. */
export const marks = {
  managedBy: "app.kubernetes.io/managed-by",
  /** What `managedBy` says. */
  us: "shipmate",
  name: "app.kubernetes.io/name",
  version: "app.kubernetes.io/version",
  service: "shipmate.dev/service",
  environment: "shipmate.dev/environment",
  /** An annotation of each applied object (not of pods): the release's number. */
  release: "shipmate.dev/release",
  /** Set on a pod template to make all pods anew: restarts, and a second try of the same version. */
  restarted: "shipmate.dev/restarted",
} as const;
