/** Tests what runs in one environment and releases it to the next. */
import { defineWorkflow, from, refuse, until } from "shipmate";
import { z } from "zod";
import { clusters, Environment, Service, tests } from "../roles.ts";
import { ship } from "./parts/ship.ts";

export default defineWorkflow({
  name: "promote",
  input: z.object({ service: Service, from: Environment, to: Environment, suite: z.string() }),
  title: (i) => `Promote ${i.service} from ${i.from} to ${i.to}`,
  async run(step, input) {
    const { service, suite } = input;
    const at = { service, environment: input.from };
    const { version } = await step.look("what runs", clusters.running(at));
    if (!version) return refuse(`${service} does not run in ${input.from}.`);
    const start = tests.start({ ...at, suite });
    const finished = tests.finished({ id: from(start, "id") });
    await step.change("smoke tests", [start, until(finished, { every: "20s", timeout: "30m" })]);
    await step.change("promote", ship({ service, environment: input.to, version }));
    return { version };
  },
});
