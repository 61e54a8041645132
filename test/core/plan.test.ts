/** Canonical JSON: what digests and comparisons rest on. */
import { describe, expect, it } from "vitest";
import { canonical } from "../../src/core/plan.ts";

describe("canonical text", () => {
  it("is the same whatever the order of keys, at any depth", () => {
    expect(canonical({ b: [{ d: 1, c: 2 }], a: null })).toBe(
      canonical({ a: null, b: [{ c: 2, d: 1 }] }),
    );
  });

  it("keeps the order of lists", () => {
    expect(canonical([1, 2])).not.toBe(canonical([2, 1]));
  });

  it("leaves out what is undefined, as JSON does", () => {
    expect(canonical({ a: undefined, b: 1 })).toBe('{"b":1}');
    expect(canonical({ b: 1 })).toBe('{"b":1}');
  });

  it("tells apart a number and its text, null and nothing, a list and an object", () => {
    const values = [1, "1", null, {}, [], [null], { a: null }, "null", true, "true"];
    expect(new Set(values.map(canonical)).size).toBe(values.length);
  });

  it("is JSON that gives the value back", () => {
    const value = { "a key": 'quo"te', ä: ["\n", { x: 0.5 }], z: false };
    expect(JSON.parse(canonical(value))).toEqual(value);
  });

  it("cannot be confused by keys that look like syntax", () => {
    expect(canonical({ 'a":1,"b': 2 })).not.toBe(canonical({ a: 1, b: 2 }));
  });
});
