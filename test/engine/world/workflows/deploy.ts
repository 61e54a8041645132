/** Deploys one service. */
import { defineWorkflow } from "shipmate";
import { z } from "zod";
import { Environment, Service, Version } from "../roles.ts";
import { ship } from "./parts/ship.ts";

export default defineWorkflow({
  name: "deploy",
  input: z.object({ service: Service, version: Version, environment: Environment }),
  title: (i) => `Deploy ${i.service} ${i.version} to ${i.environment}`,
  done: (i) => `${i.service} ${i.version} runs in ${i.environment}.`,
  async run(step, input) {
    await step.change("ship it", ship(input));
  },
});
