/** `why 41` */
import { defineCommand } from "shipmate";
import { Run } from "./parts/run.ts";

export default defineCommand({
  name: "why",
  summary: "Why a run is where it is, and what comes next",
  examples: ["why 41"],
  args: { run: Run },
  privately: true,
  run: ({ args, runs }) => runs.why(args.run),
});
