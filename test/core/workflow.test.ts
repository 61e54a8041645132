/** Workflows, presses, looks to wait for, and refusals. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Moved, Refusal, refuse } from "../../src/core/refusal.ts";
import { look, role } from "../../src/core/role.ts";
import { defineWorkflow, press, when } from "../../src/core/workflow.ts";

describe("what a workflow waits for", () => {
  it("is a press, perhaps dangerous, perhaps with a form", () => {
    const form = z.object({ by: z.string() });
    expect(press("Extend")).toEqual({ label: "Extend" });
    expect(press("Tear down", { danger: true })).toEqual({ label: "Tear down", danger: true });
    expect(press("Extend", { form })).toEqual({ label: "Extend", form });
  });

  it("is a look with a test of its result", () => {
    const { alert } = role("metrics", {
      alert: look({ input: z.object({}), result: z.object({ firing: z.boolean() }) }),
    });
    const over = when(alert({}), (seen) => !seen.firing);
    expect(over.look).toEqual({ kind: "look", op: "metrics.alert", input: {} });
    expect(over.test({ firing: false } as never)).toBe(true);
    expect(over.test({ firing: true } as never)).toBe(false);
  });
});

describe("a workflow", () => {
  it("is its definition, with sentences made from its input", () => {
    const deploy = defineWorkflow({
      name: "deploy",
      input: z.object({ service: z.string() }),
      title: (i) => `Deploy ${i.service}`,
      done: (i) => `${i.service} runs.`,
      async run() {},
    });
    expect(deploy.name).toBe("deploy");
    expect(deploy.title({ service: "web" } as never)).toBe("Deploy web");
    expect(deploy.done?.({ service: "web" } as never, undefined as never)).toBe("web runs.");
  });
});

describe("a refusal", () => {
  it("is a sentence for a person, told from a fault by its class", () => {
    expect(() => refuse("Only payments may do this.")).toThrow(Refusal);
    expect(() => refuse("Only payments may do this.")).toThrow("Only payments may do this.");
    expect(new Error("x")).not.toBeInstanceOf(Refusal);
  });

  it("that says the world moved is one too", () => {
    const moved = new Moved("web is not as it was.");
    expect(moved).toBeInstanceOf(Refusal);
    expect(moved.name).toBe("Moved");
  });
});
