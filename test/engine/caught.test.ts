/** A refusal that a workflow's code catches is a result like any other: every later drive goes on from it. */
import { defineWorkflow, Refusal } from "shipmate";
import { expect, test } from "vitest";
import { z } from "zod";
import { serve } from "../../src/engine/operations.ts";
import { memoryDatabase } from "../databases.ts";
import { openRig } from "./rig.ts";
import { runs } from "./world/providers/running.ts";
import { clusters } from "./world/roles.ts";

test("a look that was refused is not asked again, and what came after it still fits", async () => {
  const database = await memoryDatabase();
  const live = await openRig(database);
  let looks = 0;
  const workflow = defineWorkflow({
    name: "careful",
    input: z.object({}),
    title: () => "Care",
    async run(step) {
      const at = { service: "web", environment: "staging" };
      const saw = await step.look("see", clusters.running(at)).catch(String);
      await step.wait("nap", { for: "1h" });
      if (saw !== "Refusal: Nobody may look there.") throw new Refusal("It saw something else.");
    },
  });
  const ended = await live({
    name: "care",
    begin: [{ workflow, input: {} }],
    human: async () => false,
    check() {},
    serves: (world) => [
      serve(clusters, "world", {
        ...runs(world),
        running: async () => {
          looks += 1;
          throw new Refusal("Nobody may look there.");
        },
      }),
    ],
  });
  expect(ended.state).toBe("succeeded");
  expect(looks).toBe(1);
  await database.close();
});
