/** Values that have words of their own: images, settings, ports, volumes, probes, and what must not be shown. */
import type { Json } from "../../../core/operation.ts";
import { isMap, type Value } from "./diff.ts";

/** Only whether it is there and whether it changes. */
export function hiddenText(from: Value, to: Value): [Json, Json] {
  return [
    from === undefined ? null : "set",
    to === undefined ? null : from === undefined ? "set" : "changed",
  ];
}

/** The tag alone where it is the same image; what is not pinned to a digest says so. */
export function imageWords(from: string, to: string): [string, string] {
  const [a, b] = [imageParts(from), imageParts(to)];
  const mark = b.digest === undefined ? " (not pinned)" : "";
  if (a.repository !== b.repository) return [untied(a), `${untied(b)}${mark}`];
  if (a.tag !== b.tag) return [a.tag, `${b.tag}${mark}`];
  return [`${a.tag} (${a.digest ?? "not pinned"})`, `${b.tag} (${b.digest ?? "not pinned"})`];
}

/** The whole of it, with the first digits of its digest. */
export function imageText(image: string): string {
  const { repository, tag, digest } = imageParts(image);
  return `${repository}:${tag} (${digest ?? "not pinned"})`;
}

/** An image's tag, or what there is of it. */
export function tagOf(image: string): string {
  return imageParts(image).tag;
}

export function envText(element: Value): Value {
  if (!isMap(element)) return element;
  const source = element["valueFrom"];
  if (!isMap(source)) return element["value"] ?? "";
  for (const [field, kind] of [
    ["secretKeyRef", "Secret"],
    ["configMapKeyRef", "ConfigMap"],
  ] as const) {
    const ref = source[field];
    if (isMap(ref)) return `${ref["key"]} of ${kind} ${ref["name"]}`;
  }
  return source;
}

/** `8080`, `53/UDP`; of a Service `80 to 8080`. */
export function portText(port: Value): Value {
  if (!isMap(port)) return port;
  const { containerPort, port: outer, targetPort, protocol } = port;
  const number = `${containerPort ?? outer}`;
  const target = targetPort === undefined || targetPort === outer ? "" : ` to ${targetPort}`;
  return `${number}${target}${protocol === undefined || protocol === "TCP" ? "" : `/${protocol}`}`;
}

/** `ConfigMap web-config`, `PersistentVolumeClaim data`, `empty`. */
export function volumeText(volume: Value): Value {
  if (!isMap(volume)) return volume;
  const { configMap, secret, persistentVolumeClaim: claim } = volume;
  if (isMap(configMap)) return `ConfigMap ${configMap["name"]}`;
  if (isMap(secret)) return `Secret ${secret["secretName"]}`;
  if (isMap(claim)) return `PersistentVolumeClaim ${claim["claimName"]}`;
  if (volume["emptyDir"] !== undefined) return "empty";
  return Object.fromEntries(Object.entries(volume).filter(([key]) => key !== "name"));
}

/** `/healthz on 8080` */
export function probeText(probe: Value): Value {
  if (!isMap(probe)) return probe;
  const { httpGet, tcpSocket, exec, grpc } = probe;
  if (isMap(httpGet)) return `${httpGet["path"] ?? "/"} on ${httpGet["port"]}`;
  if (isMap(tcpSocket)) return `connection to ${tcpSocket["port"]}`;
  if (isMap(grpc)) return `gRPC on ${grpc["port"]}`;
  if (isMap(exec) && Array.isArray(exec["command"])) return exec["command"].join(" ");
  return probe;
}

interface Image {
  readonly repository: string;
  readonly tag: string;
  /** Its first 8 digits. */
  readonly digest: string | undefined;
}

function imageParts(image: string): Image {
  const [name = "", digest] = image.split("@");
  const colon = name.indexOf(":", name.lastIndexOf("/"));
  const repository = colon < 0 ? name : name.slice(0, colon);
  const short = digest?.replace(/^\w+:/, "").slice(0, 8);
  return {
    repository,
    tag: colon < 0 ? (short ?? "latest") : name.slice(colon + 1),
    digest: short,
  };
}

function untied({ repository, tag }: Image): string {
  return `${repository}:${tag}`;
}
