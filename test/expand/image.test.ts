import { expect, test } from "vitest";
import { withoutTag, withTag } from "../../src/expand/image.ts";

const digest = `sha256:${"0".repeat(64)}`;

test.each([
  ["user-api", "user-api:1.4.2"],
  ["user-api:latest", "user-api:1.4.2"],
  ["ghcr.io/acme/web:1.0.0", "ghcr.io/acme/web:1.4.2"],
  ["localhost:5000/web", "localhost:5000/web:1.4.2"],
  ["localhost:5000/acme/web:old", "localhost:5000/acme/web:1.4.2"],
  [`ghcr.io/acme/web@${digest}`, "ghcr.io/acme/web:1.4.2"],
  [`localhost:5000/acme/web:old@${digest}`, "localhost:5000/acme/web:1.4.2"],
])("%s becomes %s", (image, tagged) => {
  expect(withTag(image, "1.4.2")).toBe(tagged);
  expect(`${withoutTag(image)}:1.4.2`).toBe(tagged);
});
