/** `help`, `help deploy` */
import { type Card, defineCommand, refuse } from "shipmate";
import { z } from "zod";

export default defineCommand({
  name: "help",
  summary: "What you can say",
  examples: ["help", "help deploy"],
  args: {
    command: z
      .string()
      .max(80)
      .optional()
      .meta({ rest: true, description: "the command to explain" }),
  },
  privately: true,
  forEverybody: true,
  run({ args, commands }): Card {
    if (args.command === undefined)
      return {
        title: "What you can say",
        says: "Leave something out and it is asked. Say help and a command to see more of it.",
        columns: ["Say", "What it does"],
        rows: commands.map(({ examples, name, summary }) => [examples[0] ?? name, summary]),
      };
    const wanted = args.command.trim().toLowerCase().replace(/^\//, "");
    const found = commands.find(({ name }) => name === wanted);
    if (!found) return refuse(`No command "${wanted}". Say help to see what there is.`);
    const { name, summary, usage, examples, takes = [] } = found;
    return {
      title: name,
      says: `${summary}.`,
      ...(usage ? { fields: { "How to say it": usage } } : {}),
      ...(takes.length > 0
        ? {
            columns: ["Part", "What it is", "Needed"],
            rows: takes.map(({ name, says, required }) => [name, says, required ? "yes" : "no"]),
          }
        : {}),
      code: { text: examples.join("\n") },
    };
  },
});
