/** Takes a service that runs already into the catalog. */
import { defineWorkflow } from "shipmate";
import { z } from "zod";
import { catalog, clusters, Environment, Name, Service } from "../roles.ts";

export default defineWorkflow({
  name: "adopt",
  input: z.object({ service: Service, environment: Environment, owner: Name, repo: z.string() }),
  title: (i) => `Adopt ${i.service} in ${i.environment}`,
  async run(step, { service, environment, owner, repo }) {
    await step.change("adopt", [
      clusters.adopt({ service, environment }),
      catalog.add({ service, owner, repo }),
    ]);
  },
});
