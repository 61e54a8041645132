/** `deploy web 1.4.2 to production` */
import { defineCommand, Environment, Service, Version } from "shipmate";
import deploy from "../workflows/deploy.ts";

export default defineCommand({
  name: "deploy",
  summary: "Ship a version of a service",
  examples: ["deploy web 1.4.2 to production", "deploy hello 1.0.0 env=staging"],
  args: { service: Service, version: Version, environment: Environment },
  words: { to: "environment", in: "environment" },
  run: ({ args, start }) => start(deploy, args),
});
