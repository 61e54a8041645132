/** `environments` */
import { defineCommand, directory } from "shipmate";

export default defineCommand({
  name: "environments",
  summary: "Where services run, in the order in which versions travel",
  examples: ["environments"],
  args: {},
  async run({ look }) {
    const all = await look(directory.environments({}));
    return {
      title: "Environments",
      ...(all.length === 0 ? { says: "There is none yet: add one to platform.yaml." } : {}),
      columns: ["Environment", "Before a change"],
      rows: all.map(({ value, hint }) => [value, hint]),
    };
  },
});
