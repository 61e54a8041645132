/** Ships a version of a service to an environment, after its migration where it has one. */
import { clusters, defineWorkflow, Environment, Service, Version } from "shipmate";
import { z } from "zod";
import { logs } from "./parts/look-after.ts";
import { migrated, ranBefore, ship, shipped } from "./parts/ship.ts";

export default defineWorkflow({
  name: "deploy",
  input: z.object({ service: Service, version: Version, environment: Environment }),
  title: (i) => `Deploy ${i.service} ${i.version} to ${i.environment}`,
  done: (i) => `${i.service} ${i.version} runs in ${i.environment}.`,
  on: shipped,
  next: ({ service, environment }, { before }: { before: string | null }) => [
    ...(before === null
      ? []
      : [
          {
            label: "Roll back",
            command: "rollback",
            args: { service, environment },
            confirm: `Roll back ${service} in ${environment} to the last good release?`,
          },
        ]),
    logs({ service, environment }),
  ],
  async run(step, input) {
    const { migration } = await step.look("what it takes", clusters.takes(input));
    const acts = [...(migration ? migrated(input) : []), ...ship(input)];
    return { before: ranBefore(await step.change("ship it", acts)) ?? null };
  },
});
