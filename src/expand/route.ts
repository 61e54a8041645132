/** How a service is reached: its Service, and the Ingress or HTTPRoute that lets requests in from outside. */
import { refuse } from "../core/refusal.ts";
import { filled } from "./compact.ts";
import type { KubeObject } from "./object.ts";
import { labels, make, nameOf, selector, type Web } from "./web.ts";

/** Its name and ports inside the cluster. */
export function inside(web: Web): KubeObject {
  const { service, ports } = web.spec;
  const port = (name: string, port: number) => ({ name, port, targetPort: name, protocol: "TCP" });
  return make(
    web,
    { apiVersion: "v1", kind: "Service" },
    {
      name: nameOf(web),
      labels: labels(web, "web"),
      annotations: filled(service.annotations),
    },
    {
      spec: {
        type: service.type,
        selector: selector(web, "web"),
        ports: [port("http", service.port), ...Object.entries(ports).map((one) => port(...one))],
      },
    },
  );
}

/** From outside, where the manifest asks for it. */
export function outside(web: Web): readonly KubeObject[] {
  const { ingress } = web.spec;
  if (ingress?.enabled !== true) return [];
  if (ingress.host === undefined)
    refuse(
      `${web.service} asks for an ingress and names no host for ${web.environment}: set ingress.host in its manifest.`,
    );
  const hosts = [ingress.host, ...ingress.hosts];
  const route = web.settings.route.kind === "gateway" ? httpRoute : ingressOf;
  return [route(web, ingress, hosts)];
}

type Asked = NonNullable<Web["spec"]["ingress"]>;

function ingressOf(web: Web, ingress: Asked, hosts: readonly string[]): KubeObject {
  const { route } = web.settings;
  const tls = ingress.tls ?? (route.tls && { enabled: true, ...route.tls });
  const issuer = tls?.enabled ? (tls.issuer ?? route.tls?.issuer) : undefined;
  const secretName = tls?.secret ?? route.tls?.secret ?? nameOf(web, "tls");
  const backend = { service: { name: nameOf(web), port: { name: ingress.port } } };
  return make(
    web,
    { apiVersion: "networking.k8s.io/v1", kind: "Ingress" },
    {
      name: nameOf(web),
      labels: labels(web, "web"),
      annotations: filled({
        ...route.annotations,
        ...(issuer !== undefined && { "cert-manager.io/cluster-issuer": issuer }),
        ...ingress.annotations,
      }),
    },
    {
      spec: {
        ingressClassName: ingress.class ?? route.class,
        rules: hosts.map((host) => ({
          host,
          http: { paths: [{ path: ingress.path, pathType: "Prefix", backend }] },
        })),
        tls: tls?.enabled ? [{ hosts, secretName }] : undefined,
      },
    },
  );
}

function httpRoute(web: Web, ingress: Asked, hostnames: readonly string[]): KubeObject {
  const { gateway, annotations } = web.settings.route;
  if (gateway === undefined)
    refuse(
      `${web.environment} has routes of the kind gateway and names no Gateway: set environments.${web.environment}.web.route.gateway in platform.yaml.`,
    );
  const port = { http: web.spec.service.port, ...web.spec.ports }[ingress.port];
  return make(
    web,
    { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute" },
    {
      name: nameOf(web),
      labels: labels(web, "web"),
      annotations: filled({ ...annotations, ...ingress.annotations }),
    },
    {
      spec: {
        parentRefs: [
          {
            group: "gateway.networking.k8s.io",
            kind: "Gateway",
            name: gateway.name,
            namespace: gateway.namespace,
            sectionName: gateway.listener,
          },
        ],
        hostnames,
        rules: [
          {
            matches: [{ path: { type: "PathPrefix", value: ingress.path } }],
            backendRefs: [{ group: "", kind: "Service", name: nameOf(web), port, weight: 1 }],
          },
        ],
      },
    },
  );
}
