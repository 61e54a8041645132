/** `rollback web in production` */
import { defineCommand, Environment, Service, Version } from "shipmate";
import rollback from "../workflows/rollback.ts";
import { goodOnes } from "./parts/releases.ts";

export default defineCommand({
  name: "rollback",
  summary: "Go back to a release that was good",
  examples: ["rollback web in production", "rollback web in production to 1.4.1"],
  args: {
    service: Service,
    environment: Environment,
    to: Version.optional().meta({
      ...goodOnes,
      description: "the version to go back to; the last good one unless told",
    }),
  },
  words: { in: "environment", to: "to" },
  run: ({ args, start }) => start(rollback, args),
});
