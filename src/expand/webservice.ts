/** A short manifest in, the full Kubernetes objects of a service out. Pure. */
import { Expansion } from "../platform/expansion.ts";
import { filled } from "./compact.ts";
import { database } from "./database.ts";
import { withoutTag, withTag } from "./image.ts";
import { cronJobs, migration } from "./jobs.ts";
import { network } from "./network.ts";
import type { KubeObject } from "./object.ts";
import type { WebService } from "./parse.ts";
import { inside, outside } from "./route.ts";
import { settle } from "./settle.ts";
import { storage } from "./volumes.ts";
import { labels, make, nameOf, type Web } from "./web.ts";
import { service, workers } from "./workloads.ts";

export { parseWebService, WebService } from "./parse.ts";

/** Where it goes, and as which version. */
export interface Where {
  readonly service: string;
  readonly environment: string;
  readonly namespace: string;
  readonly version: string;
  /** What platform.yaml says of the environment. */
  readonly settings?: Expansion | undefined;
}

export interface Expanded {
  readonly objects: readonly KubeObject[];
  readonly migration?: KubeObject | undefined;
  /** Whose tag is the version, without it: each environment may name another one. */
  readonly image: string;
}

/** All objects that the service is made of there, in no order. Throws a Refusal where the environment lacks something. */
export function expandWebService(manifest: WebService, at: Where): Expanded {
  const web = webOf(manifest, at);
  return {
    objects: [
      ...account(web),
      ...storage(web),
      ...network(web),
      ...database(web),
      inside(web),
      ...service(web),
      ...workers(web),
      ...cronJobs(web),
      ...outside(web),
    ],
    migration: migration(web),
    image: withoutTag(web.spec.image),
  };
}

function webOf(manifest: WebService, at: Where): Web {
  const settings = at.settings ?? Expansion.parse({});
  const spec = settle(manifest.spec, at, settings);
  return {
    ...at,
    settings,
    spec,
    image: (name) => name ?? withTag(spec.image, at.version),
  };
}

function account(web: Web): readonly KubeObject[] {
  const { name, annotations } = web.spec.serviceAccount;
  if (name !== undefined) return [];
  return [
    make(
      web,
      { apiVersion: "v1", kind: "ServiceAccount" },
      { name: nameOf(web), labels: labels(web, "web"), annotations: filled(annotations) },
      { automountServiceAccountToken: false },
    ),
  ];
}
