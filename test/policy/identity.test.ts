/** From an account to a person. */
import { expect, test } from "vitest";
import { personOf } from "../../src/policy/identity.ts";
import { platform } from "./fixture.ts";

test.each([
  ["slack", "U1", "ada"],
  ["slack", "U2", "grace"],
  ["teams", "ada@example.com", "ada"],
  ["console", "grace", "grace"],
  ["cli", "mallory", "mallory"],
])("the account %s %s is %s", (surface, id, person) => {
  expect(personOf(platform, { surface, id })?.id).toBe(person);
});

test.each([
  ["slack", "U3"],
  ["slack", "ada"],
  ["teams", "U1"],
  ["console", "U1"],
  ["console", "nobody"],
  ["console", "constructor"],
  ["console", "__proto__"],
  ["toString", "ada"],
  ["slack", ""],
])("the account %s %s is nobody", (surface, id) => {
  expect(personOf(platform, { surface, id })).toBeUndefined();
});
