/** Who may call whom: closed but for what the service needs. */
import type { Json } from "../core/operation.ts";
import type { WebSpec } from "../platform/web-spec.ts";
import { filled } from "./compact.ts";
import { databaseName } from "./database.ts";
import { type KubeObject, marks } from "./object.ts";
import { labels, make, nameOf, type Web } from "./web.ts";

const kind = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" };
const namespaceName = "kubernetes.io/metadata.name";
/** Addresses that are nobody's on the Internet: private (RFC 1918), shared (RFC 6598), link-local and so the clouds' metadata. */
const inner = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"];
/** The same for IPv6: unique local (RFC 4193) and link-local. */
const innerSix = ["fc00::/7", "fe80::/10"];

/** For the service's pods, and for its database's. */
export function network(web: Web): readonly KubeObject[] {
  if (!web.spec.network.enabled) return [];
  const own = make(
    web,
    kind,
    { name: nameOf(web), labels: labels(web, "web") },
    {
      spec: {
        podSelector: { matchLabels: { [marks.name]: web.service } },
        policyTypes: ["Ingress", "Egress"],
        ingress: incoming(web),
        egress: outgoing(web),
      },
    },
  );
  return [own, ...(web.spec.database?.enabled ? [databasePolicy(web)] : [])];
}

const ofService = (web: Web): Json => ({
  podSelector: { matchLabels: { [marks.name]: web.service } },
});
const ofDatabase = (web: Web): Json => ({
  podSelector: { matchLabels: { "cnpg.io/cluster": databaseName(web) } },
});
const namespaces = (names: readonly string[]): Json => ({
  namespaceSelector: {
    matchExpressions: [{ key: namespaceName, operator: "In", values: names }],
  },
});
const tcp = (...ports: readonly (number | string)[]): readonly Json[] =>
  ports.map((port) => ({ port, protocol: "TCP" }));

function incoming(web: Web): readonly Json[] {
  const { spec, settings } = web;
  const controllers = settings.route.namespaces;
  const routed = {
    from: [controllers ? namespaces(controllers) : { namespaceSelector: {} }],
    ports: tcp(spec.ingress?.port ?? "http"),
  };
  return [
    { from: [ofService(web)] },
    ...(spec.ingress?.enabled ? [routed] : []),
    ...(spec.service.type === "ClusterIP" ? [] : [{ ports: tcp("http") }]),
    ...(filled(settings.monitoring) ? [{ from: [namespaces(settings.monitoring)] }] : []),
    ...spec.network.from.map((peer) => ({
      from: [other(peer)],
      ports: filled(tcp(...peer.ports)),
    })),
  ];
}

function outgoing(web: Web): readonly Json[] {
  const { spec } = web;
  return [
    { to: [ofService(web)] },
    {
      to: [namespaces(["kube-system"]), { ipBlock: { cidr: "169.254.20.10/32" } }],
      ports: [
        { port: 53, protocol: "UDP" },
        { port: 53, protocol: "TCP" },
      ],
    },
    ...(spec.database?.enabled ? [{ to: [ofDatabase(web)], ports: tcp(5432) }] : []),
    ...(spec.network.outside
      ? [
          {
            to: [
              { ipBlock: { cidr: "0.0.0.0/0", except: inner } },
              { ipBlock: { cidr: "::/0", except: innerSix } },
            ],
          },
        ]
      : []),
    ...spec.network.to.map((peer) => ({ to: [other(peer)], ports: filled(tcp(...peer.ports)) })),
  ];
}

function other({ service, namespace, cidr }: WebSpec["network"]["from"][number]): Json {
  if (cidr !== undefined) return { ipBlock: { cidr } };
  return {
    namespaceSelector:
      namespace === undefined ? undefined : { matchLabels: { [namespaceName]: namespace } },
    podSelector: service === undefined ? undefined : { matchLabels: { [marks.name]: service } },
  };
}

/** What its pods call is left open: they speak to Kubernetes' API, and to wherever backups go. */
function databasePolicy(web: Web): KubeObject {
  const { database, monitoring } = web.settings;
  return make(
    web,
    kind,
    { name: databaseName(web), labels: labels(web, "database") },
    {
      spec: {
        podSelector: { matchLabels: { "cnpg.io/cluster": databaseName(web) } },
        policyTypes: ["Ingress"],
        ingress: [
          { from: [ofService(web)], ports: tcp(5432) },
          { from: [ofDatabase(web)], ports: tcp(5432, 8000) },
          { from: [namespaces([database.operator])], ports: tcp(5432, 8000) },
          ...(filled(monitoring) ? [{ from: [namespaces(monitoring)], ports: tcp(9187) }] : []),
        ],
      },
    },
  );
}
