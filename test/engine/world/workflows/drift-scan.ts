/** Finds what drifted and starts one child for each, which asks what to do. */
import { defineWorkflow } from "shipmate";
import { z } from "zod";
import { drift } from "../roles.ts";
import settle from "./settle-drift.ts";

export default defineWorkflow({
  name: "drift-scan",
  input: z.object({}),
  title: () => "Nightly drift scan",
  async run(step) {
    const drifted = await step.look("what drifted", drift.list({}));
    await Promise.allSettled(drifted.map((d) => step.run(`settle ${d.object}`, settle, d)));
  },
});
