/** Applies a saved plan of a tool that makes another plan each time. */
import { defineWorkflow } from "shipmate";
import { z } from "zod";
import { Environment, Name, stacks } from "../roles.ts";

export default defineWorkflow({
  name: "apply-stack",
  input: z.object({ stack: Name, environment: Environment, ref: z.string().default("main") }),
  title: (i) => `Apply ${i.stack} in ${i.environment}`,
  async run(step, input) {
    const apply = stacks.apply(input);
    const made = await step.change("apply", [apply]);
    return made.of(apply).outputs;
  },
});
