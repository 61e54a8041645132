/** An object as a watch keeps it: without what only its writers need. */
import type { Json } from "../../../core/operation.ts";
import type { KubeObject, Metadata } from "../../../expand/object.ts";

/** What pods and pod templates say about containers beside images, ports, probes and resources; environments may hold secrets. */
const ofContainer = new Set([
  "env",
  "envFrom",
  "volumeMounts",
  "volumeDevices",
  "args",
  "command",
  "lifecycle",
  "securityContext",
  "terminationMessagePath",
  "terminationMessagePolicy",
]);
const ofPod = new Set([
  "volumes",
  "tolerations",
  "affinity",
  "topologySpreadConstraints",
  "securityContext",
  "dnsPolicy",
  "schedulerName",
  "enableServiceLinks",
  "preemptionPolicy",
  "priority",
]);
const ofContainers = ["containers", "initContainers"];
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

type Fields = Readonly<Record<string, Json | undefined>>;

/**
 * Without managedFields, what kubectl applied last, and of pods and pod templates volumes, placement and the
 * containers' environment, command and mounts. All else, and all of the status, stays.
 */
export function slim(object: KubeObject): KubeObject {
  const { managedFields: _, selfLink: __, ...metadata } = object.metadata;
  const { [lastApplied]: ___, ...annotations } = metadata.annotations ?? {};
  const { spec } = object;
  return {
    ...object,
    metadata: metadata.annotations === undefined ? metadata : { ...metadata, annotations },
    ...(isFields(spec) && { spec: object.kind === "Pod" ? podSpec(spec) : withTemplate(spec) }),
  };
}

function withTemplate(spec: Fields): Fields {
  const { template } = spec;
  if (!isFields(template) || !isFields(template["spec"])) return spec;
  return { ...spec, template: { ...template, spec: podSpec(template["spec"]) } };
}

function podSpec(spec: Fields): Fields {
  return Object.fromEntries(
    Object.entries(spec)
      .filter(([field]) => !ofPod.has(field))
      .map(([field, value]) => [field, ofContainers.includes(field) ? containers(value) : value]),
  );
}

function containers(all: Json | undefined): Json | undefined {
  if (!Array.isArray(all)) return all;
  return all.map((each: Json) =>
    isFields(each)
      ? Object.fromEntries(Object.entries(each).filter(([field]) => !ofContainer.has(field)))
      : each,
  );
}

function isFields(value: Json | Metadata | undefined): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
