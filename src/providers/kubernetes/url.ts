/** Where a service answers, as its objects tell. */
import { z } from "zod";
import type { KubeObject } from "../../expand/object.ts";

/** The host of its Ingress or HTTPRoute, else the address that a LoadBalancer Service got; null where neither is known. */
export function addressOf(objects: readonly KubeObject[]): string | null {
  for (const find of [ofIngress, ofRoute, ofBalancer]) {
    for (const object of objects) {
      const url = find(object);
      if (url !== undefined) return url;
    }
  }
  return null;
}

const Ingress = z.object({
  kind: z.literal("Ingress"),
  spec: z.object({
    rules: z
      .array(
        z.object({
          host: z.string().optional(),
          http: z.object({ paths: z.array(z.object({ path: z.string().optional() })) }).optional(),
        }),
      )
      .default([]),
    tls: z.array(z.object({ hosts: z.array(z.string()).default([]) })).default([]),
  }),
});
function ofIngress(object: KubeObject): string | undefined {
  const { data } = Ingress.safeParse(object);
  const rule = data?.spec.rules.find(({ host }) => isPlain(host));
  if (!data || rule?.host === undefined) return undefined;
  const safe = data.spec.tls.some(({ hosts }) => hosts.includes(rule.host ?? ""));
  const path = rule.http?.paths[0]?.path ?? "/";
  return urlOf(safe ? "https" : "http", rule.host, path);
}

const Route = z.object({
  kind: z.literal("HTTPRoute"),
  spec: z.object({ hostnames: z.array(z.string()).default([]) }),
});
/** Its gateway decides whether it is encrypted; today they are. */
function ofRoute(object: KubeObject): string | undefined {
  const host = Route.safeParse(object).data?.spec.hostnames.find(isPlain);
  return host === undefined ? undefined : urlOf("https", host, "/");
}

const Balancer = z.object({
  kind: z.literal("Service"),
  spec: z.object({
    type: z.literal("LoadBalancer"),
    ports: z.array(z.object({ port: z.int() })).min(1),
  }),
  status: z.object({
    loadBalancer: z.object({
      ingress: z
        .array(z.object({ hostname: z.string().optional(), ip: z.string().optional() }))
        .min(1),
    }),
  }),
});
function ofBalancer(object: KubeObject): string | undefined {
  const { data } = Balancer.safeParse(object);
  const [at] = data?.status.loadBalancer.ingress ?? [];
  const host = at?.hostname ?? at?.ip;
  const port = data?.spec.ports[0]?.port;
  if (host === undefined) return undefined;
  const shown = host.includes(":") ? `[${host}]` : host;
  return port === 443
    ? urlOf("https", shown, "/")
    : urlOf("http", port === 80 ? shown : `${shown}:${port}`, "/");
}

/** Not one that stands for many. */
const isPlain = (host: string | undefined): boolean => host !== undefined && !host.includes("*");

/** Without a slash at its end; undefined where it is none. */
function urlOf(scheme: string, host: string, path: string): string | undefined {
  const url = URL.parse(`${scheme}://${host}${/^\/[\w/.~-]*$/.test(path) ? path : ""}`);
  return url?.href.replace(/\/$/, "");
}
