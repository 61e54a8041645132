/** `remove web from staging` */
import { defineCommand, Environment, refuse, Service } from "shipmate";
import { z } from "zod";
import remove from "../workflows/remove.ts";

export default defineCommand({
  name: "remove",
  summary: "Take a service out of an environment, once its name is typed again",
  examples: ["remove web from staging confirm=web"],
  args: {
    service: Service,
    environment: Environment,
    confirm: z
      .string()
      .min(1)
      .max(63)
      .meta({
        description: "the service's name once more, so that nothing is removed by mistake",
        hint: ({ service }: { readonly [arg: string]: unknown }) =>
          service === undefined
            ? "Type the service's name again to remove it"
            : `Type ${service} to remove it`,
      }),
  },
  words: { from: "environment", in: "environment" },
  run({ args: { service, environment, confirm }, start }) {
    if (confirm.trim().toLowerCase() !== service)
      refuse(
        `That is not its name, so ${service} stays in ${environment}. Say it again and type ${service} to remove it.`,
      );
    return start(remove, { service, environment });
  },
});
