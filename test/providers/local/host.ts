/** A host that releases a version and kills itself, without warning, at the nth step that the local world tells of. */
import { writeSync } from "node:fs";
import { local } from "../../../src/providers/local/local.ts";
import { changes, see, settled } from "../drive.ts";

const [folder = "", samples = "", version = "", moment = "0"] = process.argv.slice(2);
const at = { service: "web", environment: "staging" };
let steps = 0;
const step = (says: string) => {
  writeSync(1, `${says}\n`);
  if (++steps === Number(moment)) process.kill(process.pid, "SIGKILL");
};
const limits = { healthy: 3_000, stop: 2_000, watch: 100 };
const { clusters } = await local({ folder, samples, limits, log: step });
const plan = await changes(clusters.release.preview({ ...at, version }, see()));
const signal = new AbortController().signal;
step("about to release");
await clusters.release.run({ ...at, version }, { key: "the key", seen: plan.seen, plan, signal });
step("released");
await settled(clusters, at);
step("settled");
process.kill(process.pid, "SIGKILL");
