import { expect, test } from "vitest";
import { LostConnection } from "../../src/store/database.ts";
import { isAway } from "../../src/store/unreachable.ts";

const coded = (code: string) =>
  new Error("connecting to the database", { cause: Object.assign(new Error("no"), { code }) });

test.each([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "57P03",
  "53300",
  "53100",
  "08006",
])("%s may pass: it is waited for", (code) => {
  expect(isAway(coded(code))).toBe(true);
});
test("so may a connection that was lost, and one that did not come about in time", () => {
  expect(isAway(new LostConnection("SELECT 1"))).toBe(true);
  expect(isAway(new Error("timeout expired"))).toBe(true);
});
test.each([
  "28P01",
  "28000",
  "3D000",
  "42501",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
])("%s does not pass by itself: it is told at once", (code) => {
  expect(isAway(coded(code))).toBe(false);
});
