/** Something that can be made in production, and the workflow that makes it: what attackers try to have done. */
import { z } from "zod";
import type { Provider } from "../../src/core/provider.ts";
import { serve } from "../../src/engine/operations.ts";
import { defineWorkflow, effect, role } from "../../src/index.ts";

export const things = role("things", {
  make: effect({
    input: z.object({ name: z.string() }),
    result: z.object({}),
    on: (i) => [`production/${i.name}`],
    says: (i) => `make ${i.name}`,
  }),
});

export const make = defineWorkflow({
  name: "make",
  input: z.object({ name: z.string() }),
  title: (i) => `Make ${i.name}`,
  run: async (step, i) => {
    await step.change("make it", [things.make(i)]);
  },
});

/** Notes each name that was really made. */
export const makes = (made: string[]): Provider<typeof things>["make"] => ({
  preview: async (i) => ({
    changes: [{ of: i.name, from: null, to: "there" }],
    seen: {},
    will: {},
    undo: { irreversible: "it stays" },
  }),
  run: async (i) => {
    made.push(i.name);
    return {};
  },
});

export const servesInto = (made: string[]) => serve(things, "fake", { make: makes(made) });
