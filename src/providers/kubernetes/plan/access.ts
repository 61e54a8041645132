/** What a workload may do to the machine that it runs on, beyond its own container: what people should think twice of. */
import type { Change } from "../../../core/plan.ts";
import type { KubeObject } from "../../../expand/object.ts";
import { line, plain } from "../../../observe/text.ts";
import { isMap, type Value } from "./diff.ts";
import { containersOf, mapsIn, podOf } from "./templates.ts";

/** The line that warns, where an object is to get more of it, less or something else. `whose` stands before its words. */
export function accessChange(
  live: KubeObject | undefined,
  after: KubeObject,
  whose: string,
): readonly Pick<Change, "field" | "from" | "to">[] {
  const [from, to] = [accessOf(live), accessOf(after)];
  if (from === to) return [];
  return [{ field: `Warning: ${whose}access to its node`, from, to }];
}

/** `everything (privileged), its network, its files in /var/run`; `none` where it has none. */
function accessOf(object: KubeObject | undefined): string {
  const spec = object && podOf(object);
  if (!isMap(spec)) return "none";
  const containers = containersOf(spec);
  const within = containers.map((one) => one["securityContext"]);
  const privileged = within.some((one) => isMap(one) && one["privileged"] === true);
  const files = mapsIn(spec, "volumes").flatMap(({ hostPath }) =>
    isMap(hostPath) ? [`its files in ${hostPath["path"]}`] : [],
  );
  const ports = containers
    .flatMap((one) => mapsIn(one, "ports"))
    .flatMap(({ hostPort }) => (typeof hostPort === "number" ? [`its port ${hostPort}`] : []));
  const capabilities = within.flatMap((one) => added(one)).map((name) => `the right ${name}`);
  const all = [
    ...(privileged ? ["everything (privileged)"] : []),
    ...(spec["hostNetwork"] === true ? ["its network"] : []),
    ...(spec["hostPID"] === true ? ["its processes"] : []),
    ...(spec["hostIPC"] === true ? ["its shared memory"] : []),
    ...[...files, ...ports, ...capabilities],
  ];
  return all.length === 0 ? "none" : line(plain([...new Set(all)].join(", ")), 160);
}

/** What a container is given beyond what it has by itself; NET_BIND_SERVICE, which lets it listen on port 80, is nobody's worry. */
function added(context: Value): string[] {
  const capabilities = isMap(context) ? context["capabilities"] : undefined;
  const add = isMap(capabilities) ? capabilities["add"] : undefined;
  return (Array.isArray(add) ? add : []).map(String).filter((name) => name !== "NET_BIND_SERVICE");
}
