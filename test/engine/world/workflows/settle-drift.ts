/** Asks what to do about one object that drifted, for 20 hours. */
import { defineWorkflow, press } from "shipmate";
import { z } from "zod";
import { drift } from "../roles.ts";

export default defineWorkflow({
  name: "settle-drift",
  input: z.object({ object: z.string(), says: z.string() }),
  title: (i) => `${i.object} drifted: ${i.says}`,
  async run(step, { object }) {
    const next = await step.wait("what now", {
      for: "20h",
      press: { back: press("Take back"), accept: press("Accept") },
    });
    if (next.is === "time") return;
    const settled = next.is === "back" ? drift.back({ object }) : drift.accept({ object });
    await step.change("settle", [settled]);
  },
});
