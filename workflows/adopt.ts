/** Takes what runs somewhere, applied by anything, into care as it is. */
import { clusters, defineWorkflow, Environment, Service } from "shipmate";
import { z } from "zod";
import { logs, status } from "./parts/look-after.ts";
import { shipped } from "./parts/ship.ts";

export default defineWorkflow({
  name: "adopt",
  input: z.object({ service: Service, environment: Environment }),
  title: (i) => `Adopt ${i.service} in ${i.environment}`,
  done: (i) => `${i.service} in ${i.environment} is looked after from now on, as it is.`,
  on: shipped,
  next: (at) => [status(at), logs(at)],
  async run(step, at) {
    await step.change("adopt it", [clusters.adopt(at)]);
  },
});
