/** What all parts of an expansion know: whose it is and where, how its objects are named and labelled. */
import { createHash } from "node:crypto";
import type { Json } from "../core/operation.ts";
import type { Expansion } from "../platform/expansion.ts";
import type { WebSpec } from "../platform/web-spec.ts";
import { compact } from "./compact.ts";
import { type KubeObject, marks } from "./object.ts";

export interface Web {
  readonly service: string;
  readonly environment: string;
  readonly namespace: string;
  readonly version: string;
  readonly spec: WebSpec;
  readonly settings: Expansion;
  /** The image as pods name it: the service's own in this version where none is named. */
  readonly image: (name: string | undefined) => string;
}

/** `user-api-db`. Too long for the cluster: cut, with a hash that keeps it apart from others. */
export function nameOf(web: Web, part?: string, most = 63): string {
  const name = [web.service, ...(part === undefined ? [] : [part])].join("-");
  if (name.length <= most) return name;
  return `${name.slice(0, most - 9).replace(/-+$/, "")}-${shortHash(name)}`;
}
/** Eight letters that are other ones for other texts. */
export const shortHash = (text: string): string =>
  createHash("sha256").update(text).digest("hex").slice(0, 8);

/** What tells the pods of one part apart; can never change. */
export const selector = (web: Web, component: string): Readonly<Record<string, string>> => ({
  [marks.name]: web.service,
  "app.kubernetes.io/component": component,
});

/** The labels of one part's objects. The version is on what runs it only: else each release would change all objects. */
export const labels = (web: Web, component: string): Readonly<Record<string, string>> => ({
  ...web.spec.labels,
  ...selector(web, component),
  "app.kubernetes.io/instance": web.service,
  "app.kubernetes.io/part-of": web.service,
  [marks.managedBy]: marks.us,
  [marks.service]: web.service,
  [marks.environment]: web.environment,
});
/** The same for what runs the version. */
export const versioned = (web: Web, component: string): Readonly<Record<string, string>> => ({
  ...labels(web, component),
  [marks.version]: labelValue(web.version),
});
/** A label's value has 63 characters at most, and letters or digits at both ends. */
const labelValue = (version: string): string =>
  version.slice(0, 63).replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");

/** An object of the service, without the fields that are undefined. */
export function make(
  web: Web,
  kind: Pick<KubeObject, "apiVersion" | "kind">,
  metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>> | undefined;
  },
  rest: Readonly<Record<string, Json | undefined>>,
): KubeObject {
  const made = compact({
    ...kind,
    metadata: { ...metadata, namespace: web.namespace },
    ...rest,
  });
  return made as KubeObject;
}
