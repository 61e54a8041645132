/** Takes a service out of an environment. */
import { clusters, defineWorkflow, Environment, Service } from "shipmate";
import { z } from "zod";
import { status } from "./parts/look-after.ts";
import { ranBefore, shipped } from "./parts/ship.ts";

export default defineWorkflow({
  name: "remove",
  input: z.object({ service: Service, environment: Environment }),
  title: (i) => `Remove ${i.service} from ${i.environment}`,
  done: (i) => `${i.service} does not run in ${i.environment} any more.`,
  on: shipped,
  noRetry: (i) =>
    `A removal wants its name typed each time. To do it again: remove ${i.service} from ${i.environment}.`,
  next: ({ service, environment }, { before }: { before: string | null }) => [
    status({ service, environment }),
    ...(before === null
      ? []
      : [
          {
            label: `Deploy ${before} again`,
            command: "deploy",
            args: { service, version: before, environment },
          },
        ]),
  ],
  async run(step, at) {
    const done = await step.change("remove it", [clusters.remove(at)]);
    return { before: ranBefore(done) ?? null };
  },
});
