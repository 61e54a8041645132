/** Migrates, then releases in steps that each have to keep errors low. */
import { defineWorkflow, until } from "shipmate";
import { z } from "zod";
import { clusters, Environment, metrics, Service, Version } from "../roles.ts";
import { ship } from "./parts/ship.ts";

export default defineWorkflow({
  name: "canary",
  input: z.object({
    service: Service,
    version: Version,
    environment: Environment,
    percent: z.array(z.int()).default([10, 50]),
  }),
  title: (i) => `Deploy ${i.service} ${i.version} to ${i.environment} in steps`,
  async run(step, { service, version, environment, percent }) {
    const at = { service, environment };
    const calm = metrics.gate({ ...at, metric: "errors", below: 0.01, during: "5m" });
    await step.change("ship in steps", [
      clusters.job({ ...at, version, command: "migrate" }),
      until(clusters.jobState(at), { every: "2s", timeout: "10m" }),
      ...percent.flatMap((share) => [
        clusters.release({ ...at, version, percent: share }),
        until(calm, { every: "90s", timeout: "20m" }),
      ]),
      ...ship({ ...at, version }),
    ]);
  },
});
