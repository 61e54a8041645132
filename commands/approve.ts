/** `approve 41 3fa9c1d2` */
import { defineCommand, refuse } from "shipmate";
import { Digest, openRun, Run } from "./parts/run.ts";

export default defineCommand({
  name: "approve",
  summary: "Approve exactly what a card shows",
  examples: ["approve 41 3fa9c1d2"],
  args: { run: Run, digest: Digest.optional() },
  privately: true,
  async run({ args: { run, digest }, runs }) {
    if (digest !== undefined) return runs.vote(run, digest, "yes");
    const open = (await openRun(runs, run))?.digest;
    if (open === undefined) return runs.vote(run, "", "yes"); // says what became of it
    return refuse(`Say which plan you approve, by the digits on its card: approve ${run} ${open}`);
  },
});
