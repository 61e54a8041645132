/** The sentences of kubelet, scheduler and API server about pods that do not start, in plain words. */
import { line } from "../../../observe/text.ts";
import type { Pod } from "./pods.ts";

/** `clause` begins in lower case and has no full stop; `advice` is a sentence. */
export interface Clause {
  readonly clause: string;
  readonly advice?: string;
}

/** An image that cannot be had. */
export function pulling(image: string, message: string, namespace: string): Clause {
  const shown = line(image, 160);
  const host =
    shown.includes("/") && /[.:]/.test(shown.split("/")[0] ?? "") ? shown.split("/")[0] : undefined;
  const registry = host === undefined ? "its registry" : `the registry ${host}`;
  if (/InvalidImageName|invalid reference format|couldn't parse image/i.test(message))
    return { clause: `"${shown}" is no name of an image` };
  if (
    /\b(401|403)\b|unauthorized|denied|no basic auth/i.test(message) &&
    !/not found/i.test(message)
  )
    return {
      clause: `the cluster may not pull the image ${shown}`,
      advice: `Give ${namespace} a pull secret for ${host ?? registry}, or check the image's name.`,
    };
  if (/not found|manifest unknown|does not exist|\b404\b/i.test(message))
    return {
      clause: `the image ${shown} does not exist`,
      advice: "Push it, or deploy a version that is there.",
    };
  if (/toomanyrequests|\b429\b|rate limit/i.test(message))
    return { clause: `${registry} lets the cluster pull no more images for now (its rate limit)` };
  if (/no such host|timeout|refused|deadline|unreachable|EOF|\b50\d\b/i.test(message))
    return { clause: `${registry} does not answer, so the image ${shown} cannot be pulled` };
  if (/not present with pull policy/i.test(message))
    return {
      clause: `the image ${shown} is not on the node and may not be pulled (pull policy Never)`,
    };
  return { clause: `the image ${shown} cannot be pulled: ${line(message, 160)}` };
}

/** Something that a pod refers to and that is not there. */
export function missing(message: string, namespace: string): Clause | undefined {
  const advice = "Create it, and the pods go on by themselves.";
  const [, kind, name] = message.match(/\b(secret|configmap) "([^"]+)" not found/i) ?? [];
  if (kind !== undefined && name !== undefined)
    return { clause: `the ${named(kind)} ${name} does not exist in ${namespace}`, advice };
  const [, key, of, holder] =
    message.match(/couldn't find key (\S+) in (Secret|ConfigMap) (?:[^/\s]+\/)?(\S+)/i) ?? [];
  if (key !== undefined && of !== undefined)
    return {
      clause: `the ${named(of)} ${holder} has no key ${key}`,
      advice: "Add it, and the pods go on by themselves.",
    };
  const [, what, gone] = message.match(/references non-existent (secret|config) key: (\S+)/) ?? [];
  if (gone !== undefined)
    return {
      clause: `a ${named(what === "config" ? "configmap" : "secret")} that it mounts has no key ${gone}`,
    };
  const claim = message.match(/persistentvolumeclaim "([^"]+)" not found/)?.[1];
  if (claim !== undefined)
    return { clause: `the volume claim ${claim} does not exist in ${namespace}`, advice };
  return undefined;
}

/** No node takes it: `0/2 nodes are available: 2 Insufficient cpu. preemption: ...` */
export function unscheduled(message: string, pod: Pod, namespace: string): Clause {
  const absent = missing(message, namespace);
  if (absent) return absent;
  if (/unbound immediate PersistentVolumeClaims/.test(message))
    return { clause: "no volume was found for its claim yet" };
  if (/scheduling gate/i.test(message))
    return { clause: "something holds it back (a scheduling gate)" };
  const [, of, rest = ""] = message.match(/^0\/(\d+) nodes are available: (.*)$/s) ?? [];
  if (of === undefined)
    return /no nodes available/.test(message)
      ? { clause: "the cluster has no node" }
      : { clause: `no node takes it: ${line(message, 160)}` };
  const parts = rest.split(/\. (?=preemption|no new claims)|\.$/)[0]?.split(/, (?=\d+ )/) ?? [];
  const says = parts.map((part) => {
    const [, count = of, why = part] = part.match(/^(\d+) (.*)$/s) ?? [];
    return `${count} of ${of} ${refusing(why, pod)}`;
  });
  return { clause: `no node takes it: ${line(says.join(", "), 240)}` };
}

function refusing(why: string, pod: Pod): string {
  const short = why.match(/^Insufficient (\S+)/)?.[1];
  if (short !== undefined)
    return `have too little ${short === "cpu" ? "CPU" : short} free${asks(pod, short)}`;
  const taint = why.match(/taints? \{([^:}]*)/)?.[1];
  if (taint !== undefined) return `keep it away by their taint ${taint}`;
  return nodes.find(([words]) => words.test(why))?.[1] ?? `say: ${line(why, 100)}`;
}
const nodes: readonly (readonly [RegExp, string])[] = [
  [/node affinity\/selector|node selector/, "are not of the kind that it asks for"],
  [/untolerated taint/, "are set aside for others (a taint)"],
  [/Too many pods/, "have as many pods as they can"],
  [/were unschedulable/, "are closed for new pods"],
  [/topology spread/, "would break its spread"],
  [/anti-affinity/, "have a pod already that it keeps away from"],
  [/pod affinity/, "lack the pod that it wants to be near"],
  [/volume node affinity|max volume count/, "cannot have its volume"],
  [/free ports/, "have its port taken"],
];

function asks({ spec }: Pod, resource: string): string {
  const all = spec.containers.flatMap((one) => one.resources.requests[resource] ?? []);
  return all.length === 1 ? ` (it asks for ${all[0]})` : "";
}

/** The API server makes no pod of it: quota, admission, a service account that is not there. */
export function refusedPods(message: string, namespace: string): Clause {
  const said = message.replace(/^Error creating: /, "").replace(/^pods "[^"]*" is forbidden: /, "");
  const quota = said.match(/exceeded quota: ([^,]+), requested: (.*), used: (.*), limited: (.*)$/s);
  if (quota) {
    const [, name = "", requested = "", used = "", limited = ""] = quota;
    const [inUse, limits] = [amounts(used), amounts(limited)];
    const over = [...amounts(requested)].map(
      ([what, more]) =>
        `${what} ${inUse.get(what)} of ${limits.get(what)} in use, ${more} more needed`,
    );
    return {
      clause: `the quota ${name} of ${namespace} is used up (${line(over.join("; "), 160)})`,
      advice: "Raise it, or free some of it.",
    };
  }
  const [, wants, fields] = said.match(/failed quota: ([^:]+): must specify (.*)$/s) ?? [];
  if (fields !== undefined)
    return { clause: `the quota ${wants} of ${namespace} wants ${line(fields, 120)} to be set` };
  const account = said.match(/service account \S+?\/([^:\s]+)/)?.[1];
  if (account !== undefined && /not found/.test(said))
    return {
      clause: `the service account ${account} does not exist in ${namespace}`,
      advice: "Create it, and the pods come by themselves.",
    };
  const [, hook, denied] =
    said.match(/admission webhook "([^"]+)" denied the request: (.*)$/s) ?? [];
  if (denied !== undefined) return { clause: `${hook} refuses its pods: ${line(denied, 200)}` };
  const silent = said.match(/failed calling webhook "([^"]+)"/)?.[1];
  if (silent !== undefined)
    return { clause: `${silent}, which checks new pods in this cluster, does not answer` };
  const [, level, rules] = said.match(/violates PodSecurity "([^":]+)[^"]*": (.*)$/s) ?? [];
  if (rules !== undefined)
    return { clause: `${namespace} takes only pods that are ${level}: ${line(rules, 200)}` };
  return { clause: `the cluster refuses its pods: ${line(said, 200)}` };
}

/** `pods=1,requests.cpu=2` */
function amounts(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(",").map((pair) => {
      const [what = "", amount = ""] = pair.trim().split("=");
      return [what, amount];
    }),
  );
}

const named = (kind: string): string => (kind.toLowerCase() === "secret" ? "Secret" : "ConfigMap");
