/** What the parts of this folder share: a cluster's API as we use it, where a service stands, what was rendered. */
import type { KubeObject } from "../../expand/object.ts";

/** Names one object. Without `namespace` it belongs to the cluster as a whole. */
export interface Ref {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** An answer of the API server that says no. Anything else that goes wrong is a plain Error: a fault. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The HTTP status. */
  readonly code: number;
  /** `Status.reason`: NotFound, Conflict, AlreadyExists, Forbidden, Invalid, ... */
  readonly reason: string;
  /** `Status.details.causes`: for a conflict of server-side apply each has the field and the manager's message. */
  readonly causes: readonly {
    readonly field: string;
    readonly message: string;
    readonly reason: string;
  }[];
  constructor(
    says: string,
    status: Pick<ApiError, "code" | "reason"> & Partial<Pick<ApiError, "causes">>,
  ) {
    super(says);
    this.code = status.code;
    this.reason = status.reason;
    this.causes = status.causes ?? [];
  }
}

/** One cluster, spoken to as one identity. Every call throws ApiError, or a plain Error where no answer came. */
export interface Cluster {
  /** As platform.yaml calls it. */
  readonly name: string;
  /** Undefined where it is not there. */
  get(ref: Ref, signal: AbortSignal): Promise<KubeObject | undefined>;
  /** `namespace` absent: all of them. `labels` and `fields` are selectors as the API takes them. */
  list(
    kind: Pick<Ref, "apiVersion" | "kind">,
    where: {
      readonly namespace?: string;
      readonly labels?: string;
      readonly fields?: string;
    },
    signal: AbortSignal,
  ): Promise<readonly KubeObject[]>;
  /**
   * Server-side apply as `shipmate`. With `metadata.resourceVersion` set it is refused (409) where the object is
   * another; without `force` a field that another manager owns is a 409 with a cause each.
   */
  apply(
    object: KubeObject,
    how: { readonly dryRun?: boolean; readonly force?: boolean },
    signal: AbortSignal,
  ): Promise<KubeObject>;
  /** 409 AlreadyExists where it is there. `metadata.generateName` may stand instead of the name for a dry run. */
  create(
    object: KubeObject,
    how: { readonly dryRun?: boolean },
    signal: AbortSignal,
  ): Promise<KubeObject>;
  /** JSON merge patch, of a subresource where told. */
  merge(
    ref: Ref,
    patch: object,
    how: { readonly dryRun?: boolean; readonly subresource?: string },
    signal: AbortSignal,
  ): Promise<KubeObject>;
  /** Deletes in the background where the object still has this uid; one that is not there is fine. */
  remove(
    ref: Ref,
    how: { readonly dryRun?: boolean; readonly uid?: string },
    signal: AbortSignal,
  ): Promise<void>;
  /** Whether the API server serves this kind, and whether its objects live in namespaces. Remembered for a while. */
  serves(
    kind: Pick<Ref, "apiVersion" | "kind">,
    signal: AbortSignal,
  ): Promise<{ readonly namespaced: boolean } | undefined>;
  /** A pod's log as lines with their time in milliseconds since 1970, oldest first. */
  logs(
    pod: { readonly namespace: string; readonly pod: string; readonly container: string },
    how: {
      readonly follow?: boolean;
      readonly previous?: boolean;
      readonly sinceSeconds?: number;
      readonly tail?: number;
    },
    signal: AbortSignal,
  ): AsyncIterable<{ readonly at: number; readonly text: string }>;
  /** Asks the API server what this identity may do (SelfSubjectAccessReview). */
  mayI(
    verb: string,
    what: {
      readonly group?: string;
      readonly resource: string;
      readonly namespace?: string;
      readonly subresource?: string;
    },
    signal: AbortSignal,
  ): Promise<boolean>;
}

/** What a watch keeps up to date in memory. */
export const watchedKinds = [
  { apiVersion: "v1", kind: "Pod" },
  { apiVersion: "v1", kind: "Event" },
  { apiVersion: "apps/v1", kind: "Deployment" },
  { apiVersion: "apps/v1", kind: "ReplicaSet" },
  { apiVersion: "apps/v1", kind: "StatefulSet" },
  { apiVersion: "apps/v1", kind: "DaemonSet" },
  { apiVersion: "batch/v1", kind: "Job" },
  { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler" },
] as const;
export type WatchedKind = (typeof watchedKinds)[number]["kind"];

/** One namespace of one cluster, watched with Shipmate's own rights. Objects come without managedFields. */
export interface Watched {
  /** Waits for the first list, at most until the signal; then answers from memory. Throws where the first list fails. */
  read(kind: WatchedKind, signal: AbortSignal): Promise<readonly KubeObject[]>;
  /** Undefined while the watches hold; else since when (milliseconds since 1970) the cluster is silent, and why. */
  stale(): { readonly since: number; readonly why: string } | undefined;
}

/** One service in one environment, and how to reach it. */
export interface Spot {
  readonly service: string;
  readonly environment: string;
  readonly namespace: string;
  /** Shipmate's own identity: for its records and watches. */
  readonly own: Cluster;
  /** The identity that effects, previews and reads on somebody's behalf use: theirs where the cluster says so. */
  as(person: string | undefined): Cluster;
  readonly watched: Watched;
}

/** An image whose tag was looked up. `digest` undefined: not pinned, because of `why`. */
export interface Pin {
  /** `ghcr.io/acme/web:1.4.2` */
  readonly image: string;
  readonly digest?: string | undefined;
  readonly why?: string | undefined;
}

/** What a version of a service is in an environment: all of its objects, in no order, each in the spot's namespace. */
export interface Rendered {
  readonly objects: readonly KubeObject[];
  /** A Job to be run before the rest; not among `objects`. */
  readonly migration?: KubeObject | undefined;
  readonly pins: readonly Pin[];
}

/** Where a service's objects come from. */
export interface Source {
  /**
   * Refuses in one sentence what is missing, broken or unsafe, and a version that a registry which answers does not
   * have (with those it has). `pinned`: digests that were found earlier, by image; they are not looked up again.
   */
  render(
    at: {
      readonly service: string;
      readonly environment: string;
      readonly namespace: string;
      readonly version: string;
    },
    pinned: Readonly<Record<string, string>> | undefined,
    signal: AbortSignal,
  ): Promise<Rendered>;
  /** Versions that could be released, the newest first; empty where no registry tells. Refuses an unknown service. */
  versions(
    service: string,
    signal: AbortSignal,
  ): Promise<readonly { readonly value: string; readonly hint: string }[]>;
}

/** A release as it is kept in the namespace: what we applied, so that it can be taken back exactly and pruned safely. */
export interface Release {
  /** Counts from 1 in its spot. */
  readonly number: number;
  /** Of its record, whose content can't change: one that was made anew has another. */
  readonly uid?: string | undefined;
  readonly version: string;
  /** The effect's key. */
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** A person's id. */
  readonly by?: string | undefined;
  /** `applying` until all objects are there; `removed` for what stays of a service that was removed. */
  readonly state: "applying" | "going" | "good" | "bad" | "removed" | "adopted";
  readonly why?: string | undefined;
  /** What it holds, for pruning and removal. */
  readonly inventory: readonly Ref[];
  /** Digests by image. */
  readonly pins: Readonly<Record<string, string>>;
  /** Where it answers, as far as its content tells. */
  readonly url: string | null;
}

/** The type of the Secret that keeps one. */
export const recordType = "shipmate.dev/release";

/** A release of any service of a namespace, by whose record alone one can tell that some names are its. */
export interface Claim extends Pick<Release, "number" | "version" | "inventory"> {
  readonly service: string;
  readonly environment: string;
  readonly state: "applying" | "adopted";
  /** The API server's own count of writes when this record was written: of two the smaller one was there first. */
  readonly order: number;
}

/** The records of one spot: one Secret each, written with Shipmate's own identity. */
export interface Records {
  /** The newest first. Without content. */
  list(spot: Spot, signal: AbortSignal): Promise<readonly Release[]>;
  /**
   * The newest one, from memory where that is enough: `hint` is the number that an object of the service bears
   * (`marks.release`), so that looks need no request. Without a hint what was read in the last ten seconds will do.
   */
  newest(spot: Spot, signal: AbortSignal, hint?: number): Promise<Release | undefined>;
  /** Of all services in the spot's namespace those that are being applied or were adopted. Broken ones are left out. */
  claims(spot: Spot, signal: AbortSignal): Promise<readonly Claim[]>;
  /** The objects as they were applied. Undefined where the record is not kept any more. */
  content(
    spot: Spot,
    number: number,
    signal: AbortSignal,
  ): Promise<readonly KubeObject[] | undefined>;
  /** Creating is what two Shipmates race for: throws Moved where the number is taken under another key. */
  create(
    spot: Spot,
    release: Release,
    content: readonly KubeObject[],
    signal: AbortSignal,
  ): Promise<void>;
  /** Changes the state (and why) of one. Converges. */
  mark(
    spot: Spot,
    number: number,
    state: Release["state"],
    why: string | undefined,
    signal: AbortSignal,
  ): Promise<void>;
  /** Forgets the oldest beyond 20, and never the newest good one. */
  tidy(spot: Spot, signal: AbortSignal): Promise<void>;
  /** Forgets all but the newest, which is marked `removed`. */
  bury(spot: Spot, signal: AbortSignal): Promise<void>;
}
