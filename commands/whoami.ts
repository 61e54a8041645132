/** `whoami` */
import { defineCommand } from "shipmate";

export default defineCommand({
  name: "whoami",
  summary: "Who you are here, and what you may do",
  examples: ["whoami"],
  args: {},
  privately: true,
  forEverybody: true,
  run: ({ person, rights }) => ({
    title: `You are ${person.name}`,
    says: `You ${rights}.`,
    fields: { "In platform.yaml": person.id },
  }),
});
