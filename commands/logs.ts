/** `logs web in production since 10m` */
import { clusters, defineCommand, Environment, Service, Time } from "shipmate";
import { z } from "zod";

export default defineCommand({
  name: "logs",
  summary: "What a service writes",
  examples: ["logs web in production", "logs web in production since 10m search=error follow"],
  args: {
    service: Service,
    environment: Environment,
    since: Time.default("10m").describe("how far back: 90s, 10m, 4h or 7d"),
    search: z.string().min(1).max(200).optional().describe("only lines with this text"),
    follow: z.boolean().default(false).describe("whether to go on with new lines"),
  },
  words: { in: "environment" },
  run: ({ args }) => ({
    title: `Logs of ${args.service} in ${args.environment}`,
    lines: clusters.logs({ ...args, tail: 200 }),
  }),
});
