/** The images of an object's pods: found, and changed. */
import type { KubeObject } from "../../../expand/object.ts";

/** Where each kind keeps its pods' spec. */
const places: Readonly<Record<string, readonly string[]>> = {
  "v1/Pod": ["spec"],
  "v1/ReplicationController": ["spec", "template", "spec"],
  "apps/v1/Deployment": ["spec", "template", "spec"],
  "apps/v1/StatefulSet": ["spec", "template", "spec"],
  "apps/v1/DaemonSet": ["spec", "template", "spec"],
  "apps/v1/ReplicaSet": ["spec", "template", "spec"],
  "batch/v1/Job": ["spec", "template", "spec"],
  "batch/v1/CronJob": ["spec", "jobTemplate", "spec", "template", "spec"],
};

/** Each once, in the order of the objects. */
export function imagesOf(objects: readonly KubeObject[]): readonly string[] {
  const found = new Set<string>();
  for (const object of objects)
    withImages(object, (image) => {
      found.add(image);
      return image;
    });
  return [...found];
}

/** The object with each image of its containers, init containers too, replaced. */
export function withImages(object: KubeObject, change: (image: string) => string): KubeObject {
  const place = Object.hasOwn(places, `${object.apiVersion}/${object.kind}`)
    ? places[`${object.apiVersion}/${object.kind}`]
    : undefined;
  if (!place) return object;
  const container = (one: unknown) =>
    isFields(one) && typeof one["image"] === "string"
      ? { ...one, image: change(one["image"]) }
      : one;
  const spec = (pods: Fields): Fields => {
    const lists = ["initContainers", "containers"].flatMap((name) => {
      const list = pods[name];
      return Array.isArray(list) ? [[name, list.map(container)] as const] : [];
    });
    return { ...pods, ...Object.fromEntries(lists) };
  };
  return below(object, place, spec) as unknown as KubeObject;
}

type Fields = Readonly<Record<string, unknown>>;

function below(data: Fields, path: readonly string[], change: (found: Fields) => Fields): Fields {
  const [name, ...rest] = path;
  if (name === undefined) return change(data);
  const next = data[name];
  return isFields(next) ? { ...data, [name]: below(next, rest, change) } : data;
}

const isFields = (data: unknown): data is Fields =>
  typeof data === "object" && data !== null && !Array.isArray(data);
