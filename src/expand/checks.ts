/** What each setting alone can't show: settings that contradict each other. */
import { nearest } from "../core/nearest.ts";
import { listed } from "../core/words.ts";
import type { Found } from "../platform/mistakes.ts";
import type { WebSpec } from "../platform/web-spec.ts";
import { scales } from "./range.ts";

/** For the spec as it stands for every environment. */
export function checks(spec: WebSpec): readonly Found[] {
  return [...volumes(spec), ...ports(spec), ...ranges(spec), ...peers(spec), ...taken(spec)];
}

const found = (path: Found["path"], says: string): Found => ({
  path: ["spec", ...path],
  says: `spec.${path.join(".")} ${says}`,
});

function volumes(spec: WebSpec): readonly Found[] {
  const most = scales(spec.autoscale, spec.replicas)?.max ?? spec.replicas;
  return Object.entries(spec.volumes).flatMap(
    ([name, { persistent, shared, size, secret, config, memory }]) => {
      const path = ["volumes", name];
      if (
        [persistent, memory, secret !== undefined, config !== undefined].filter(Boolean).length > 1
      )
        return [found(path, "can be one thing only: persistent, memory, a secret or a config.")];
      if (persistent && size === undefined)
        return [found(path, "is persistent and needs a size: 10Gi.")];
      if (persistent && !shared && most > 1)
        return [
          found(
            path,
            `can be used by one pod at a time, and there are up to ${most}: say replicas: 1 and autoscale: { enabled: false }, or shared: true.`,
          ),
        ];
      return [];
    },
  );
}

function ports({ ports, ingress }: WebSpec): readonly Found[] {
  const known = ["http", ...Object.keys(ports)];
  if (Object.hasOwn(ports, "http"))
    return [found(["ports", "http"], "is the service's own port: set spec.port.")];
  if (ingress === undefined || known.includes(ingress.port)) return [];
  const near = nearest(ingress.port, known);
  const hint = near.length > 0 ? `did you mean ${listed(near, "or")}?` : `it has ${listed(known)}.`;
  return [found(["ingress", "port"], `names no port of the service; ${hint}`)];
}

function ranges({ autoscale, replicas, workers }: WebSpec): readonly Found[] {
  const one = (path: Found["path"], scale: WebSpec["autoscale"], least: number) => {
    const min = scale.min ?? least;
    return scale.enabled && scale.max !== undefined && scale.max < min
      ? [found([...path, "max"], `must be at least ${min}, the number of replicas.`)]
      : [];
  };
  return [
    ...one(["autoscale"], autoscale, replicas),
    ...Object.entries(workers).flatMap(([name, worker]) =>
      one(["workers", name, "autoscale"], worker.autoscale, worker.replicas),
    ),
  ];
}

function peers({ network }: WebSpec): readonly Found[] {
  const wrong = (side: "from" | "to") =>
    network[side].flatMap(({ service, namespace, cidr }, i) => {
      const inside = service !== undefined || namespace !== undefined;
      return inside === (cidr !== undefined)
        ? [found(["network", side, i], "must name a service, a namespace or both, or else a cidr.")]
        : [];
    });
  return [...wrong("from"), ...wrong("to")];
}

/** Names that two things would share. */
function taken({ workers, cron, volumes }: WebSpec): readonly Found[] {
  const twice = Object.keys(cron).filter((name) => Object.hasOwn(workers, name));
  const own = ["tmp-folder", "own-files"].filter((name) => Object.hasOwn(volumes, name));
  return [
    ...twice.map((name) => found(["cron", name], "has the same name as a worker.")),
    ...own.map((name) => found(["volumes", name], "is a name that is kept for its own use.")),
  ];
}
