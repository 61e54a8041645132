/** `retry 41` */
import { defineCommand } from "shipmate";
import { Run } from "./parts/run.ts";

export default defineCommand({
  name: "retry",
  summary: "Do the same as an ended run once more",
  examples: ["retry 41"],
  args: { run: Run },
  run: ({ args, runs }) => runs.retry(args.run),
});
