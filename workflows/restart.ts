/** Starts every process of a service anew, a few at a time. */
import { clusters, defineWorkflow, Environment, Service } from "shipmate";
import { z } from "zod";
import { logs, status } from "./parts/look-after.ts";
import { rolled, shipped } from "./parts/ship.ts";

export default defineWorkflow({
  name: "restart",
  input: z.object({ service: Service, environment: Environment }),
  title: (i) => `Restart ${i.service} in ${i.environment}`,
  done: (i) => `${i.service} in ${i.environment} was started anew.`,
  on: shipped,
  next: (at) => [status(at), logs(at)],
  async run(step, at) {
    await step.change("restart it", [clusters.restart(at), rolled(at)]);
  },
});
