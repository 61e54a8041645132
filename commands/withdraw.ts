/** `withdraw 41` */
import { defineCommand } from "shipmate";
import { openRun, Run } from "./parts/run.ts";

export default defineCommand({
  name: "withdraw",
  summary: "Take your vote back while it is still open",
  examples: ["withdraw 41"],
  args: { run: Run },
  privately: true,
  async run({ args: { run }, runs }) {
    const plan = (await openRun(runs, run))?.digest;
    return plan === undefined ? runs.why(run) : runs.vote(run, plan, "withdraw");
  },
});
