/** Back to the last release that was good, or to a named one. */
import { defineWorkflow, refuse } from "shipmate";
import { z } from "zod";
import { clusters, Environment, Service, Version } from "../roles.ts";
import { ship } from "./parts/ship.ts";

export default defineWorkflow({
  name: "rollback",
  input: z.object({ service: Service, environment: Environment, to: Version.optional() }),
  title: (i) => `Roll back ${i.service} in ${i.environment}`,
  async run(step, { service, environment, to }) {
    const at = { service, environment };
    const [now, ...before] = await step.look("history", clusters.history(at));
    const good = before.find((r) => (to ? r.version === to : r.good && r.version !== now?.version));
    if (!good) return refuse(`${service} in ${environment} has no earlier good release.`);
    await step.change("roll back", ship({ ...at, version: good.version }));
    return { version: good.version };
  },
});
