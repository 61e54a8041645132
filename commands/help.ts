/** `help`, `help deploy` */
import { type Card, type CommandHelp, defineCommand, nearest, refuse } from "shipmate";
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
        says: "Leave something out and it is asked. 41 stands for a run's number, which is on its card. Say help and a command to see more of it.",
        columns: ["Say", "What it does"],
        rows: inOrder(commands).map(({ examples, name, summary }) => [
          examples[0] ?? name,
          summary,
        ]),
      };
    const wanted = args.command.trim().toLowerCase().replace(/^\//, "");
    const found = commands.find(({ name }) => name === wanted);
    if (!found) return refuse(`No command "${wanted}". ${instead(wanted, commands)}`);
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

/** What one says most, first; then all else, and last what one does with a run that is there. */
const most: readonly string[] = [
  ...["deploy", "rollback", "status", "logs", "restart", "scale", "history", "events", "diff"],
  ...["adopt", "remove", "services", "environments", "runs"],
];

function inOrder(commands: readonly CommandHelp[]): readonly CommandHelp[] {
  const rank = ({ name, takes = [] }: CommandHelp): number => {
    if (takes[0]?.name === "run") return most.length + 1;
    const at = most.indexOf(name);
    return at < 0 ? most.length : at;
  };
  return commands.toSorted((a, b) => rank(a) - rank(b));
}

function instead(wanted: string, commands: readonly CommandHelp[]): string {
  const near = nearest(
    wanted,
    commands.map(({ name }) => name),
  );
  if (near.length === 0) return "Say help to see what there is.";
  return `Did you mean ${near.join(" or ")}? Say help ${near[0]} to see more of it.`;
}
