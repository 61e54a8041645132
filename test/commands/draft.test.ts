/** A short manifest by form or in one line: what it writes is what the cluster's provider reads. */
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { parseWebService } from "../../src/expand/parse.ts";
import { say } from "./rig.ts";

const Drafted = z.object({
  reply: z.object({ title: z.string(), code: z.object({ text: z.string() }) }),
});

test("what is said becomes the manifest, and what is as always is left out", async () => {
  const said =
    "draft user-api ghcr.io/acme/user-api replicas=3 host=api.example.com database=small";
  const { reply } = Drafted.parse(await say(said));
  expect(reply.title).toBe("user-api.yaml");
  const manifest = parseWebService(parse(reply.code.text), reply.title);
  expect(manifest).toEqual({
    apiVersion: "platform.company.io/v1",
    kind: "WebService",
    metadata: { name: "user-api" },
    spec: {
      ...{ image: "ghcr.io/acme/user-api", replicas: 3 },
      ...{ database: { type: "postgresql", size: "small" }, ingress: { host: "api.example.com" } },
    },
  });
});

test("the form asks for the name and the image, and knows the rest", async () => {
  expect(await say("draft")).toMatchObject({ missing: ["name", "image"] });
});
