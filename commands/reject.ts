/** `reject 41 because "after the sale"` */
import { defineCommand } from "shipmate";
import { z } from "zod";
import { Digest, openRun, Run } from "./parts/run.ts";

export default defineCommand({
  name: "reject",
  summary: "Say no to what a card asks for",
  examples: ['reject 41 because "after the sale"', "reject 41"],
  args: {
    run: Run,
    digest: Digest.optional(),
    because: z
      .string()
      .max(300)
      .optional()
      .meta({ rest: true, description: "the reason, for those who asked" }),
  },
  privately: true,
  async run({ args: { run, digest, because }, runs }) {
    const plan = digest ?? (await openRun(runs, run))?.digest;
    return plan === undefined ? runs.why(run) : runs.vote(run, plan, "no", because);
  },
});
