/** The pods of a service, its workers and its jobs: containers, rights, where they stand. */
import type { Json } from "../core/operation.ts";
import type { WebSpec } from "../platform/web-spec.ts";
import { filled, seconds } from "./compact.ts";
import { environment, environmentFrom } from "./env.ts";
import { filesHash, volumes } from "./volumes.ts";
import { selector, versioned, type Web } from "./web.ts";

/** The main container of one part. */
export interface Part {
  readonly name: string;
  /** What tells its pods apart: `web`, `worker-mail`. */
  readonly component: string;
  readonly image?: string | undefined;
  readonly command?: readonly string[] | undefined;
  readonly args?: readonly string[] | undefined;
  /** Variables that the service's own go before. */
  readonly told?: WebSpec["env"];
  /** Variables that go before the service's own. */
  readonly env?: WebSpec["env"];
  readonly resources: WebSpec["resources"];
  /** Probes and ports, where it has some. */
  readonly more?: { readonly [field: string]: Json | undefined };
}
type Map = { readonly [field: string]: Json | undefined };

/** Of a part that runs on and on. */
export function servingPod(web: Web, part: Part, containers: WebSpec["containers"]): Map {
  const { spread, stop } = web.spec;
  const delay = seconds(stop.delay);
  const { init, beside } = others(web, containers);
  const lifecycle = delay > 0 ? { preStop: { sleep: { seconds: delay } } } : undefined;
  const main = mainContainer(web, part, { ...part.more, lifecycle });
  const apart = (topologyKey: string, whenUnsatisfiable: WebSpec["spread"]["zones"]) =>
    whenUnsatisfiable === "none"
      ? []
      : [
          {
            maxSkew: 1,
            topologyKey,
            whenUnsatisfiable,
            labelSelector: { matchLabels: selector(web, part.component) },
            matchLabelKeys: ["pod-template-hash"],
          },
        ];
  return template(web, part, {
    initContainers: filled(init),
    containers: [main, ...beside],
    terminationGracePeriodSeconds: delay + seconds(stop.grace),
    topologySpreadConstraints: filled([
      ...apart("topology.kubernetes.io/zone", spread.zones),
      ...apart("kubernetes.io/hostname", spread.nodes),
    ]),
  });
}

/** Of a part that ends. */
export const jobPod = (web: Web, part: Part): Map =>
  template(web, part, { restartPolicy: "Never", containers: [mainContainer(web, part, {})] });

function template(web: Web, part: Part, spec: Map): Map {
  const { spec: said } = web;
  const files = filesHash(web);
  const annotations = { ...said.annotations, ...(files && { "shipmate.dev/files": files }) };
  return {
    metadata: { labels: versioned(web, part.component), annotations: filled(annotations) },
    spec: {
      ...spec,
      serviceAccountName: said.serviceAccount.name ?? web.service,
      automountServiceAccountToken: said.serviceAccount.token,
      enableServiceLinks: false,
      securityContext: podRights(said.security),
      imagePullSecrets: filled(said.imagePullSecrets.map((name) => ({ name }))),
      nodeSelector: filled(said.nodeSelector),
      tolerations: filled(said.tolerations),
      priorityClassName: said.priorityClass,
      volumes: filled(volumes(web, part.component).volumes),
    },
  };
}

function mainContainer(web: Web, part: Part, more: Map): Json {
  return {
    name: part.name,
    image: web.image(part.image),
    command: part.command,
    args: part.args,
    env: filled(environment(web, part.told, web.spec.env, part.env)),
    envFrom: filled(environmentFrom(web.spec.envFrom)),
    resources: amounts(part.resources),
    securityContext: rights(web.spec.security),
    volumeMounts: filled(volumes(web, part.component).mounts),
    ...more,
  };
}

function others(web: Web, containers: WebSpec["containers"]) {
  const made = Object.entries(containers).map(([name, said]) => ({
    as: said.as,
    container: {
      name,
      image: web.image(said.image),
      command: said.command,
      args: said.args,
      env: filled(environment({ ...web, spec: { ...web.spec, database: undefined } }, said.env)),
      envFrom: filled(environmentFrom(said.envFrom)),
      ports: filled(ports(said.ports)),
      resources: amounts(said.resources),
      securityContext: rights(web.spec.security),
      volumeMounts: filled(volumes(web, "web").mounts),
      restartPolicy: said.as === "sidecar" ? "Always" : undefined,
    },
  }));
  const of = (beside: boolean) =>
    made.filter(({ as }) => (as === "container") === beside).map(({ container }) => container);
  return { init: of(false), beside: of(true) };
}

export const ports = (named: Readonly<Record<string, number>>): readonly Json[] =>
  Object.entries(named).map(([name, containerPort]) => ({ name, containerPort }));

/** Memory is limited to what is requested: a pod that wants more ends, and its neighbours go on. CPU is not limited. */
function amounts({ requests, limits }: WebSpec["resources"]): Json {
  return { requests, limits: { ...limits, memory: limits.memory ?? requests.memory } };
}

function podRights({ root, user, group }: WebSpec["security"]): Json {
  return {
    runAsNonRoot: !root,
    runAsUser: user,
    runAsGroup: group,
    fsGroup: group,
    fsGroupChangePolicy: group === undefined ? undefined : "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  };
}

function rights({ readOnlyRoot, capabilities }: WebSpec["security"]): Json {
  return {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: readOnlyRoot,
    capabilities: { drop: ["ALL"], add: filled(capabilities) },
  };
}
