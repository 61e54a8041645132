/** Roles: builders of operations that check their input at once. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { effect, event, look, role, stream } from "../../src/core/role.ts";

const things = role("things", {
  make: effect({
    input: z.strictObject({ name: z.string().min(1), size: z.int().default(3) }),
    result: z.object({}),
    on: (i) => [`production/${i.name}`],
    says: (i) => `make ${i.name} (${i.size})`,
  }),
  list: look({ input: z.object({}), result: z.array(z.string()) }),
  watch: stream({ input: z.object({}), result: z.object({ text: z.string() }) }),
  made: event({ result: z.object({ name: z.string() }) }),
});

describe("a builder", () => {
  it("makes data that says what, and does nothing", () => {
    expect(things.make({ name: "a" })).toEqual({
      kind: "effect",
      op: "things.make",
      input: { name: "a", size: 3 },
    });
    expect(things.list({})).toEqual({ kind: "look", op: "things.list", input: {} });
    expect(things.watch({})).toEqual({ kind: "stream", op: "things.watch", input: {} });
  });

  it("makes data that nobody can change", () => {
    const made = things.make({ name: "a" });
    expect(() => Object.assign(made, { op: "things.break" })).toThrow(TypeError);
    expect(made.op).toBe("things.make");
  });

  it("throws at once where the input does not fit", () => {
    expect(() => things.make({ name: "" })).toThrow(z.ZodError);
    const misspelt: { name: string } = JSON.parse('{"name":"a","sizee":1}');
    expect(() => things.make(misspelt)).toThrow(/sizee/);
  });

  it("carries its name and its spec", () => {
    expect(things.make.op).toBe("things.make");
    expect(things.make.spec.on({ name: "a", size: 1 })).toEqual(["production/a"]);
    expect(things.make.spec.says({ name: "a", size: 1 })).toBe("make a (1)");
    expect(things.made.spec.kind).toBe("event");
  });
});
