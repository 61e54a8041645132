/** Sets how many of a service run, until the next deploy. */
import { clusters, defineWorkflow, Environment, Service } from "shipmate";
import { z } from "zod";
import { logs, status } from "./parts/look-after.ts";
import { rolled, shipped } from "./parts/ship.ts";

export default defineWorkflow({
  name: "scale",
  input: z.object({
    service: Service,
    replicas: z.int().min(0).max(1000),
    environment: Environment,
  }),
  title: (i) => `Scale ${i.service} in ${i.environment} to ${i.replicas}`,
  done: (i) => `${i.service} in ${i.environment} has ${i.replicas}, until the next deploy.`,
  on: shipped,
  next: (i) => [status(i), logs(i)],
  async run(step, { service, replicas, environment }) {
    const at = { service, environment };
    await step.change("scale it", [clusters.scale({ ...at, replicas }), rolled(at)]);
  },
});
