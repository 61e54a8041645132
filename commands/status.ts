/** `status web in production` */
import { clusters, defineCommand, directory, Environment, Refusal, Service } from "shipmate";
import { statusEverywhere, statusIn } from "./parts/status.ts";

export default defineCommand({
  name: "status",
  summary: "How a service is doing",
  examples: ["status web in production", "status web"],
  args: { service: Service, environment: Environment.optional() },
  words: { in: "environment" },
  async run({ args: { service, environment }, look, runs }) {
    if (environment === undefined) {
      const all = await look(directory.environments({}));
      const now = async (environment: string) => {
        try {
          return { environment, ...(await look(clusters.running({ service, environment }))) };
        } catch (error) {
          if (error instanceof Refusal) return { environment, unknown: error.message };
          throw error;
        }
      };
      return statusEverywhere(service, await Promise.all(all.map(({ value }) => now(value))));
    }
    const [now, history, open, people] = await Promise.all([
      look(clusters.running({ service, environment })),
      look(clusters.history({ service, environment })),
      runs.open(`${environment}/${service}`),
      look(directory.people({})),
    ]);
    return statusIn({ service, environment, now, history, open, people });
  },
});
