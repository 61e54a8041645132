/** A database for a service, bound to it. */
import { defineWorkflow, from, until } from "shipmate";
import { z } from "zod";
import { clusters, databases, Environment, Service } from "../roles.ts";

export default defineWorkflow({
  name: "provision-database",
  input: z.object({
    service: Service,
    environment: Environment,
    size: z.enum(["small", "medium", "large"]),
  }),
  title: (i) => `A ${i.size} database for ${i.service} in ${i.environment}`,
  async run(step, { service, environment, size }) {
    const at = { service, environment };
    const name = `${service}-db`;
    const database = databases.create({ name, environment, size });
    await step.change("provision", [
      database,
      until(databases.ready({ name, environment }), { every: "5s", timeout: "15m" }),
      clusters.bind({ ...at, env: { DATABASE_URL: from(database, "secret") } }),
      clusters.restart(at),
      until(clusters.rollout(at), { every: "2s", timeout: "10m" }),
    ]);
  },
});
