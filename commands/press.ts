/** `press 41 extend` */
import { defineCommand } from "shipmate";
import { z } from "zod";
import { Run } from "./parts/run.ts";

export default defineCommand({
  name: "press",
  summary: "Press a button of a run that waits for one",
  examples: ["press 41 extend", "press 41 take back"],
  args: {
    run: Run,
    button: z
      .string()
      .min(1)
      .max(80)
      .meta({ rest: true, description: "what the button says, extend" }),
    form: z
      .record(z.string(), z.json())
      .optional()
      .meta({ hidden: true, description: "what the button's form asks" }),
  },
  privately: true,
  run: ({ args: { run, button, form }, runs }) => runs.press(run, named(button), form),
});

/** `Take back` is the button `take-back`; a name without spaces stays as it is. */
const named = (button: string): string =>
  /\s/.test(button.trim()) ? button.trim().toLowerCase().replace(/\s+/g, "-") : button.trim();
