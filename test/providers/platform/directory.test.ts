/** The directory as platform.yaml says it. */
import { expect, test } from "vitest";
import { parsePlatform } from "../../../src/platform/load.ts";
import { directory } from "../../../src/providers/platform/directory.ts";

const text = (owner: string) => `people: { ada: { name: Ada } }
teams: { payments: { members: [ada] }, storefront: { members: [ada] } }
services: { web: { owner: ${owner}, says: The shop }, hello: { owner: payments } }
environments:
  staging: { cluster: local }
  production: { cluster: local, approval: { count: 2 } }
  vault: { cluster: local, approval: { from: storefront } }
clusters: { local: { provider: local } }
`;
const signal = new AbortController().signal;

test("services come with their owner, environments in their order with whom they ask", async () => {
  const faces = directory(() => parsePlatform("a", text("payments")));
  expect(await faces.services({}, signal)).toEqual([
    { value: "web", hint: "The shop, of payments", owner: "payments", says: "The shop" },
    { value: "hello", hint: "payments", owner: "payments", says: "" },
  ]);
  expect(await faces.environments({}, signal)).toEqual([
    { value: "staging", hint: "asks nobody" },
    { value: "production", hint: "asks 2 of the owning team" },
    { value: "vault", hint: "asks one of storefront" },
  ]);
});

test("each look sees the platform as it is then", async () => {
  let platform = parsePlatform("a", text("payments"));
  const faces = directory(() => platform);
  platform = parsePlatform("a", text("storefront"));
  expect((await faces.services({}, signal))[0]?.owner).toBe("storefront");
});
