/** `unfollow` */
import { defineCommand } from "shipmate";
import { z } from "zod";

export default defineCommand({
  name: "unfollow",
  summary: "Stop following logs in this channel",
  examples: ["unfollow"],
  args: {
    log: z
      .string()
      .max(64)
      .optional()
      .meta({ hidden: true, description: "only the one whose button was pressed" }),
  },
  privately: true,
  async run({ args: { log }, unfollow }) {
    const count = await unfollow(log);
    if (count === 0) return { title: "No log is followed here any more." };
    return {
      title:
        count === 1
          ? "That log is not followed any more."
          : `${count} logs are not followed any more.`,
    };
  },
});
