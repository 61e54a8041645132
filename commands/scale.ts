/** `scale web 5 in production` */
import { defineCommand, Environment, Service } from "shipmate";
import { z } from "zod";
import scale from "../workflows/scale.ts";

export default defineCommand({
  name: "scale",
  summary: "Set how many of a service run, until the next deploy",
  examples: ["scale web 5 in production", "scale web in production to 5"],
  args: {
    service: Service,
    replicas: z
      .int()
      .min(0)
      .max(1000)
      .describe("how many; where they scale by themselves, at least"),
    environment: Environment,
  },
  words: { in: "environment", to: "replicas" },
  run: ({ args, start }) => start(scale, args),
});
