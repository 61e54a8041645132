/** `cancel 41` */
import { defineCommand } from "shipmate";
import { Run } from "./parts/run.ts";

export default defineCommand({
  name: "cancel",
  summary: "Stop a run; what it did is taken back",
  examples: ["cancel 41"],
  args: { run: Run },
  privately: true,
  run: ({ args, runs }) => runs.cancel(args.run),
});
