/** `logs web in production since 10m` */
import { clusters, defineCommand, Environment, Service, Time } from "shipmate";
import { z } from "zod";

export default defineCommand({
  name: "logs",
  summary: "What a service writes",
  examples: [
    "logs web in production",
    "logs web in production since 10m search=error follow",
    "logs web in production previous tail=50",
  ],
  args: {
    service: Service,
    environment: Environment,
    since: Time.optional().describe("how far back: 90s, 4h or 7d; 10m unless told"),
    search: z.string().min(1).max(200).optional().describe("only lines with this text"),
    follow: z.boolean().default(false).describe("whether to go on with new lines"),
    previous: z
      .boolean()
      .default(false)
      .describe("what the processes wrote that ran before the ones of now"),
    tail: z.int().min(1).max(2_000).default(200).describe("how many of the last lines"),
  },
  words: { in: "environment" },
  run: ({ args: { previous, since = previous ? undefined : "10m", ...args } }) => ({
    title: `Logs of ${args.service} in ${args.environment}${previous ? ", of the processes before" : ""}`,
    lines: clusters.logs({ ...args, ...(previous && { previous }), ...(since && { since }) }),
  }),
});
