/** The Job that is a version's migration: told from the other objects, and named for its version. */
import { createHash } from "node:crypto";
import { refuse } from "../../../core/refusal.ts";
import { listed } from "../../../core/words.ts";
import type { KubeObject } from "../../../expand/object.ts";
import { called } from "./objects.ts";

/** The annotation that makes a Job the migration: `"true"`. */
const migrationMark = "shipmate.dev/migration";

export interface Split {
  readonly objects: readonly KubeObject[];
  readonly migration?: KubeObject;
}

/** Takes the migration out of the objects. Refuses more than one, and one that is no Job. */
export function split(
  objects: readonly KubeObject[],
  service: string,
  isMigration: (object: KubeObject) => boolean = marked,
): Split {
  const [migration, ...more] = objects.filter(isMigration);
  if (!migration) return { objects };
  if (more.length > 0)
    refuse(
      `${service} has more than one migration: ${listed([migration, ...more].map(called), "and", 5)}. Make them one Job.`,
    );
  if (migration.apiVersion !== "batch/v1" || migration.kind !== "Job")
    refuse(
      `The migration of ${service} is ${called(migration)}: only a Job of batch/v1 can be one.`,
    );
  return { objects: objects.filter((object) => object !== migration), migration };
}

/** The Job under a name of its own for each version: one that has run can't be changed. */
export function forVersion(job: KubeObject, version: string): KubeObject {
  const { name } = job.metadata;
  const plain = /^\d+(\.\d+)*$/.test(version);
  const hash = createHash("sha256").update(`${name} ${version}`).digest("hex").slice(0, 6);
  const words = version.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const whole = `${name}-${words.replace(/^-|-$/g, "")}${plain ? "" : `-${hash}`}`;
  // A Job's pods carry its name in a label, which has 63 characters at most.
  const fits = whole.length <= 63 ? whole : `${whole.slice(0, 56).replace(/[.-]+$/, "")}-${hash}`;
  return { ...job, metadata: { ...job.metadata, name: fits } };
}

const marked = ({ metadata }: KubeObject): boolean =>
  metadata.annotations?.[migrationMark] === "true";
