/** `adopt web in production` */
import { defineCommand, Environment, Service } from "shipmate";
import adopt from "../workflows/adopt.ts";

export default defineCommand({
  name: "adopt",
  summary: "Look after what runs already, applied by anything, and change nothing of it",
  examples: ["adopt web in production"],
  args: { service: Service, environment: Environment },
  words: { in: "environment" },
  run: ({ args, start }) => start(adopt, args),
});
