/** A new value for a secret: its users restart side by side, then the old values go. */
import { all, defineWorkflow, from, until } from "shipmate";
import { z } from "zod";
import { clusters, Environment, Name, secrets } from "../roles.ts";

export default defineWorkflow({
  name: "rotate-secret",
  input: z.object({ name: Name, environment: Environment }),
  title: (i) => `Rotate ${i.name} in ${i.environment}`,
  async run(step, { name, environment }) {
    const users = await step.look("who uses it", secrets.users({ name, environment }));
    const rotate = secrets.rotate({ name, environment });
    const restarts = users.map((service) => [
      clusters.restart({ service, environment }),
      until(clusters.rollout({ service, environment }), { every: "2s", timeout: "10m" }),
    ]);
    await step.change("rotate", [
      rotate,
      all(restarts),
      secrets.retire({ name, environment, keep: from(rotate, "version") }),
    ]);
  },
});
