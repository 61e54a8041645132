/** One cluster's API, spoken to as one identity: every object by its kind, as Kubernetes' own tools do it. */
import { z } from "zod";
import type { KubeObject } from "../../../expand/object.ts";
import { ApiError, type Cluster, type Ref } from "../types.ts";
import { type Change, changes } from "./changes.ts";
import { type Discovery, discovery, root, type Served, segment } from "./discovery.ts";
import type { Access } from "./kubeconfig.ts";
import { type LogLine, podLog } from "./pod-log.ts";
import { Shaped } from "./shaped.ts";
import { type Identity, unless, type Wire, wire } from "./wire.ts";

export interface Page {
  readonly items: readonly KubeObject[];
  /** Where a watch goes on; the same on each page of one list. */
  readonly resourceVersion: string;
}

type Kind = Pick<Ref, "apiVersion" | "kind">;

/** A Cluster, with what a watch needs. */
export interface Connection extends Cluster {
  /** The same cluster and connections, on somebody's behalf. */
  as(identity: Identity): Connection;
  /** A list in pages of 500, so that a large one is never whole in memory. */
  pages(
    kind: Kind,
    where: Parameters<Cluster["list"]>[1],
    signal: AbortSignal,
  ): AsyncIterable<Page>;
  /** What changed after a resourceVersion: resolves as soon as the API server takes the watch, which it ends in `seconds`. */
  watch(
    kind: Kind,
    from: {
      readonly namespace: string;
      readonly resourceVersion: string;
      readonly seconds: number;
    },
    signal: AbortSignal,
  ): Promise<AsyncIterable<Change>>;
  close(): void;
}

export interface ConnectOptions extends Access {
  readonly impersonate?: Identity;
  /** How long a call may take, in milliseconds; streams as long as they like. */
  readonly limit?: number;
  readonly now?: () => number;
}

/** Nothing is read or connected before the first call. */
export function connect(options: ConnectOptions): Connection {
  const { impersonate, limit = 15_000, now = Date.now, ...access } = options;
  const to = wire(access, limit);
  const known = discovery(
    (path) => to.json({ method: "GET", path }, new AbortController().signal),
    unless,
    now,
  );
  return speaking(access.name, to, known, impersonate, now);
}

const manager = "shipmate";
const pageOf = 500;

const List = z.looseObject({
  metadata: z.looseObject({
    resourceVersion: z.string().default(""),
    continue: z.string().optional(),
  }),
  items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })).nullable(),
});
const Review = z.looseObject({ status: z.looseObject({ allowed: z.boolean() }) });

function speaking(
  name: string,
  to: Wire,
  known: Discovery,
  as: Identity | undefined,
  now: () => number,
): Connection {
  const served = async (kind: Kind, signal: AbortSignal): Promise<Served> => {
    const found = await known.find(kind, signal);
    if (found) return found;
    const says = `the cluster ${name} has no ${kind.kind} (${kind.apiVersion})`;
    throw new ApiError(says, { code: 404, reason: "NotServed" });
  };
  const collection = async (
    kind: Kind,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<string> => {
    const { plural, namespaced } = await served(kind, signal);
    const within = namespaced && namespace !== undefined ? `/namespaces/${segment(namespace)}` : "";
    return `${root(kind.apiVersion)}${within}/${segment(plural)}`;
  };
  const one = async (ref: Ref, signal: AbortSignal): Promise<string> => {
    const { namespaced } = await served(ref, signal);
    if (namespaced && ref.namespace === undefined)
      throw new Error(`${ref.kind} ${ref.name} needs a namespace`);
    return `${await collection(ref, ref.namespace, signal)}/${segment(ref.name)}`;
  };
  const json = (
    method: "GET" | "POST" | "PATCH" | "DELETE",
    path: string,
    signal: AbortSignal,
    body?: { readonly type: string; readonly value: object },
  ) => to.json({ method, path, as, ...(body && { body }) }, signal);

  async function* pages(
    kind: Kind,
    where: Parameters<Cluster["list"]>[1],
    signal: AbortSignal,
  ): AsyncGenerator<Page> {
    const path = await collection(kind, where.namespace, signal);
    const selectors = { labelSelector: where.labels, fieldSelector: where.fields };
    let more: string | undefined;
    do {
      const asked = `${path}${query({ ...selectors, limit: pageOf, continue: more })}`;
      const { metadata, items } = List.parse(await json("GET", asked, signal));
      const { apiVersion, kind: named } = kind;
      yield {
        // The API leaves both out of a list's items.
        items: (items ?? []).map((item) => Shaped.parse({ ...item, apiVersion, kind: named })),
        resourceVersion: metadata.resourceVersion,
      };
      more = metadata.continue || undefined;
    } while (more !== undefined);
  }

  const listed = async (...[kind, where, signal]: Parameters<Cluster["list"]>) => {
    const all: KubeObject[] = [];
    for await (const { items } of pages(kind, where, signal))
      for (const item of items) all.push(item);
    return all;
  };

  const get = (ref: Ref, signal: AbortSignal) =>
    undefinedIfGone(async () => Shaped.parse(await json("GET", await one(ref, signal), signal)));

  return {
    name,
    get,
    as: (identity) => speaking(name, to, known, identity, now),
    pages,
    close: () => to.close(),

    // A list whose next page came too late (410) is begun again, once.
    list: (kind, where, signal) =>
      listed(kind, where, signal).catch((error: unknown) => {
        if (isApi(error, 410)) return listed(kind, where, signal);
        throw error;
      }),

    async apply(object, { dryRun, force }, signal) {
      const how = query({ ...dry(dryRun), ...strict, force: force === true });
      const path = `${await one(refOf(object), signal)}${how}`;
      const body = { type: "application/apply-patch+yaml", value: object };
      return Shaped.parse(await json("PATCH", path, signal, body));
    },

    async create(object, { dryRun }, signal) {
      const path = `${await collection(object, object.metadata.namespace, signal)}${query({ ...dry(dryRun), ...strict })}`;
      const body = { type: "application/json", value: object };
      return Shaped.parse(await json("POST", path, signal, body));
    },

    async merge(ref, patch, { dryRun, subresource }, signal) {
      const part = subresource === undefined ? "" : `/${segment(subresource)}`;
      const path = `${await one(ref, signal)}${part}${query({ ...dry(dryRun), fieldManager: manager })}`;
      const body = { type: "application/merge-patch+json", value: patch };
      return Shaped.parse(await json("PATCH", path, signal, body));
    },

    async remove(ref, { dryRun, uid }, signal) {
      const value = {
        ...{ apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Background" },
        ...(dryRun && { dryRun: ["All"] }),
        ...(uid !== undefined && { preconditions: { uid } }),
      };
      const body = { type: "application/json", value };
      const deleted = async () =>
        json("DELETE", `${await one(ref, signal)}${query(dry(dryRun))}`, signal, body);
      await undefinedIfGone(deleted).catch(async (error: unknown) => {
        const another = isApi(error, 409) && uid !== undefined;
        if (another && (await get(ref, signal))?.metadata["uid"] !== uid) return;
        throw error;
      });
    },

    serves: async (kind, signal) => {
      const found = await known.find(kind, signal);
      return found && { namespaced: found.namespaced };
    },

    // One that is followed just ends when it is cut or the signal ends: who still wants it asks again.
    async *logs({ namespace, pod, container }, how, signal): AsyncGenerator<LogLine> {
      const { follow = false, previous = false, sinceSeconds, tail } = how;
      const asked = { container, follow, previous, sinceSeconds, tailLines: tail };
      const path = `/api/v1/namespaces/${segment(namespace)}/pods/${segment(pod)}/log`;
      const log = `${path}${query({ ...asked, timestamps: true })}`;
      try {
        const ask = { method: "GET" as const, path: log, as, quiet: follow };
        yield* podLog(await to.stream(ask, signal), now);
      } catch (error) {
        if (!follow || error instanceof ApiError) throw error;
      }
    },

    async mayI(verb, { group, resource, namespace, subresource }, signal) {
      const value = {
        ...{ apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview" },
        spec: { resourceAttributes: { verb, group, resource, namespace, subresource } },
      };
      const path = `${root(value.apiVersion)}/selfsubjectaccessreviews`;
      const body = { type: "application/json", value };
      return Review.parse(await json("POST", path, signal, body)).status.allowed;
    },

    async watch(kind, { namespace, resourceVersion, seconds }, signal) {
      const how = { watch: true, allowWatchBookmarks: true, resourceVersion };
      const path = await collection(kind, namespace, signal);
      const asked = `${path}${query({ ...how, timeoutSeconds: seconds })}`;
      return changes(await to.stream({ method: "GET", path: asked, as }, signal));
    },
  };
}

/** What may not be known to the API server is an error, rather than dropped with a warning. */
const strict = { fieldManager: manager, fieldValidation: "Strict" };

function dry(dryRun: boolean | undefined): { readonly dryRun?: "All" } {
  return dryRun ? { dryRun: "All" } : {};
}

function query(fields: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const said = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined || value === false ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return said.length === 0 ? "" : `?${said.join("&")}`;
}

function refOf({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): Ref {
  return { apiVersion, kind, name, namespace };
}

function isApi(error: unknown, code: number): boolean {
  return error instanceof ApiError && error.code === code;
}

async function undefinedIfGone<T>(answer: () => Promise<T>): Promise<T | undefined> {
  try {
    return await answer();
  } catch (error) {
    if (isApi(error, 404)) return undefined;
    throw error;
  }
}
