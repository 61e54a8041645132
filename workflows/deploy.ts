/** Ships a version of a service to an environment. */
import { defineWorkflow, Environment, Service, Version } from "shipmate";
import { z } from "zod";
import { logs } from "./parts/look-after.ts";
import { ship, shipped } from "./parts/ship.ts";

export default defineWorkflow({
  name: "deploy",
  input: z.object({ service: Service, version: Version, environment: Environment }),
  title: (i) => `Deploy ${i.service} ${i.version} to ${i.environment}`,
  done: (i) => `${i.service} ${i.version} runs in ${i.environment}.`,
  on: shipped,
  next: ({ service, environment }) => [
    {
      label: "Roll back",
      command: "rollback",
      args: { service, environment },
      confirm: `Roll back ${service} in ${environment} to the last good release?`,
    },
    logs({ service, environment }),
  ],
  async run(step, input) {
    await step.change("ship it", ship(input));
  },
});
