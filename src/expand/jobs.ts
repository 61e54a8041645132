/** What ends: jobs by the clock, and the migration before a release. */

import { seconds } from "./compact.ts";
import type { KubeObject } from "./object.ts";
import { jobPod } from "./pods.ts";
import { labels, make, nameOf, shortHash, versioned, type Web } from "./web.ts";

/** How long a Job that ended is kept for its log: a day. */
const kept = 86_400;

/** The CronJobs. Their names have 52 characters at most, so that their Jobs' names fit. */
export function cronJobs(web: Web): readonly KubeObject[] {
  return Object.entries(web.spec.cron).map(([job, said]) => {
    const component = `cron-${job}`.slice(0, 63);
    return make(
      web,
      { apiVersion: "batch/v1", kind: "CronJob" },
      { name: nameOf(web, job, 52), labels: versioned(web, component) },
      {
        spec: {
          schedule: said.schedule,
          timeZone: said.timezone,
          concurrencyPolicy: said.overlap,
          suspend: said.suspend,
          jobTemplate: {
            metadata: { labels: labels(web, component) },
            spec: {
              backoffLimit: said.retries,
              activeDeadlineSeconds: seconds(said.deadline),
              ttlSecondsAfterFinished: kept,
              template: jobPod(web, { ...said, name: job, component }),
            },
          },
        },
      },
    );
  });
}

/** The Job that runs before the version is released. */
export function migration(web: Web): KubeObject | undefined {
  const said = web.spec.migrate;
  if (said?.enabled !== true) return undefined;
  const component = "migration";
  return make(
    web,
    { apiVersion: "batch/v1", kind: "Job" },
    { name: nameOf(web, `migrate-${slug(web.version)}`), labels: versioned(web, component) },
    {
      spec: {
        backoffLimit: said.retries,
        activeDeadlineSeconds: seconds(said.deadline),
        ttlSecondsAfterFinished: kept,
        template: jobPod(web, { ...said, name: "migrate", component }),
      },
    },
  );
}

/** A version in a name: `1.4.2` is `1-4-2`. One with other characters gets a few letters that keep it apart. */
function slug(version: string): string {
  const plain = version.replaceAll(".", "-");
  const safe = plain
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return safe === plain ? safe : `${safe}-${shortHash(version)}`.replace(/^-/, "");
}
