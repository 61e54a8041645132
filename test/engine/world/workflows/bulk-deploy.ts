/** Deploys several services side by side; a bad one takes back itself alone. */
import { defineWorkflow, each } from "shipmate";
import { z } from "zod";
import { Environment, Service, Version } from "../roles.ts";
import { ship } from "./parts/ship.ts";

export default defineWorkflow({
  name: "bulk-deploy",
  input: z.object({
    services: z.array(z.object({ service: Service, version: Version })).min(1),
    environment: Environment,
  }),
  title: (i) => `Deploy ${i.services.length} services to ${i.environment}`,
  async run(step, { services, environment }) {
    await step.change("ship all", [each(services.map((s) => ship({ ...s, environment })))]);
  },
});
