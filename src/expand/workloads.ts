/** What runs on and on: the Deployments of a service and of its workers, with their autoscalers and budgets. */
import type { WebSpec } from "../platform/web-spec.ts";
import type { KubeObject } from "./object.ts";
import { type Part, ports, servingPod } from "./pods.ts";
import { probes } from "./probes.ts";
import { scales } from "./range.ts";
import { scaling } from "./scaling.ts";
import { make, nameOf, selector, versioned, type Web } from "./web.ts";

interface Size {
  readonly replicas: number;
  readonly autoscale: WebSpec["autoscale"];
}

/** The service itself. */
export function service(web: Web): readonly KubeObject[] {
  const { spec } = web;
  const part: Part = {
    name: web.service,
    component: "web",
    command: spec.command,
    args: spec.args,
    told: { PORT: spec.port },
    resources: spec.resources,
    more: {
      ports: ports({ http: spec.port, ...spec.ports }),
      ...probes(spec.probes, "http"),
    },
  };
  return [deployment(web, nameOf(web), part, spec), ...scaling(web, nameOf(web), "web", spec)];
}

/** Its workers: the same pods without a port. */
export function workers(web: Web): readonly KubeObject[] {
  return Object.entries(web.spec.workers).flatMap(([worker, said]) => {
    const name = nameOf(web, worker);
    const component = `worker-${worker}`.slice(0, 63);
    const part = { ...said, name: worker, component, more: probes(said.probes, undefined) };
    return [deployment(web, name, part, said), ...scaling(web, name, component, said)];
  });
}

/** Without replicas where an autoscaler sets them, and without a deadline: the release's own is the one that counts. */
function deployment(web: Web, name: string, part: Part, size: Size): KubeObject {
  const { strategy, volumes, containers } = web.spec;
  const alone = Object.values(volumes).some((volume) => volume.persistent && !volume.shared);
  const type = strategy.type ?? (alone ? "Recreate" : "RollingUpdate");
  const { maxSurge, maxUnavailable } = strategy;
  return make(
    web,
    { apiVersion: "apps/v1", kind: "Deployment" },
    { name, labels: versioned(web, part.component) },
    {
      spec: {
        replicas: scales(size.autoscale, size.replicas) ? undefined : size.replicas,
        revisionHistoryLimit: strategy.history,
        selector: { matchLabels: selector(web, part.component) },
        strategy: {
          type,
          rollingUpdate: type === "Recreate" ? undefined : { maxSurge, maxUnavailable },
        },
        template: servingPod(web, part, part.component === "web" ? containers : {}),
      },
    },
  );
}
