/**
 * Shipmate on Kubernetes, on a control plane of its own: `npm run bench:kubernetes [plan click looks many logs away]`.
 * SHIPMATE_TEST_KUBE names what starts one.
 */
import { tmpdir } from "node:os";
import { machine } from "./figures.ts";
import { downAndBack } from "./kubernetes-away.ts";
import { click } from "./kubernetes-click.ts";
import { chatty } from "./kubernetes-logs.ts";
import { looks } from "./kubernetes-looks.ts";
import { atOnce } from "./kubernetes-many.ts";
import { plan } from "./kubernetes-plan.ts";
import { type Figure, world } from "./kubernetes-world.ts";

const measures = { plan, click, looks, logs: chatty, many: atOnce, away: downAndBack };
const asked = process.argv.slice(2);

const on = await world();
if (on === undefined) console.log("Kubernetes: left out, SHIPMATE_TEST_KUBE is not set");
else
  try {
    console.log(await machine(tmpdir()));
    const figures: Figure[] = [];
    for (const [name, measure] of Object.entries(measures))
      if (asked.length === 0 || asked.includes(name)) figures.push(...(await measure(on)));
    console.log("\n| what | wanted | measured |\n|---|---|---|");
    for (const { what, wanted, measured, reached } of figures)
      console.log(
        `| ${what} | ${wanted} | ${reached ? measured : `**not reached**: ${measured}`} |`,
      );
  } finally {
    await on.close();
  }
