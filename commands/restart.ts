/** `restart web in production` */
import { defineCommand, Environment, Service } from "shipmate";
import restart from "../workflows/restart.ts";

export default defineCommand({
  name: "restart",
  summary: "Start every process of a service anew, a few at a time",
  examples: ["restart web in production"],
  args: { service: Service, environment: Environment },
  words: { in: "environment" },
  run: ({ args, start }) => start(restart, args),
});
