import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Choice } from "../../src/core/card.ts";
import { Refusal } from "../../src/core/refusal.ts";
import { Version } from "../../src/roles/clusters.ts";
import { Environment, Service } from "../../src/roles/directory.ts";
import { complete, type Knows } from "../../src/web/complete.ts";

const commands = [
  {
    name: "deploy",
    summary: "Makes a version the one that runs.",
    examples: [],
    args: { service: Service, version: Version, environment: Environment },
    words: { to: "environment" },
  },
  { name: "describe", summary: "Says what it is.", examples: [], args: {} },
  {
    name: "logs",
    summary: "What it writes.",
    examples: [],
    args: {
      secret: z.string().optional().meta({ hidden: true }),
      service: Service,
      level: z.enum(["info", "error"]).optional(),
    },
  },
  {
    name: "approve",
    summary: "Approves what a card shows.",
    examples: [],
    args: { run: z.string(), digest: z.string() },
  },
];
const values: { readonly [op: string]: readonly Choice[] } = {
  "directory.services": [{ value: "web", hint: "payments" }, { value: "hello" }],
  "directory.environments": [{ value: "staging" }, { value: "production" }],
  "clusters.versions": [{ value: "1.4.2" }, { value: "1.4.1" }],
};
const asked: unknown[] = [];
const knows: Knows = {
  commands,
  look: async (look) => {
    asked.push(look.input);
    return values[look.op] as never;
  },
  runs: async () => [
    { number: 41, title: "Deploy web 1.4.2 to production", digest: "9f2c41ab5d0e44c1" },
    { number: 40, title: "Deploy hello 1.0.0 to staging", digest: null },
  ],
};
/** The whole text after Tab, for each thing offered. */
async function taken(text: string): Promise<string[]> {
  const { from, items } = await complete(text, knows);
  return items.map(({ value }) => text.slice(0, from) + value);
}

describe("Tab goes on with", () => {
  test.each([
    ["", ["deploy ", "describe", "logs ", "approve "]],
    ["de", ["deploy ", "describe"]],
    ["/dep", ["/deploy "]],
    ["shipmate dep", ["shipmate deploy "]],
    ["deploy ", ["deploy web ", "deploy hello "]],
    ["deploy w", ["deploy web "]],
    ["deploy web ", ["deploy web 1.4.2 ", "deploy web 1.4.1 "]],
    ["deploy web 1.4.2 ", ["deploy web 1.4.2 to staging ", "deploy web 1.4.2 to production "]],
    ["deploy web 1.4.2 to ", ["deploy web 1.4.2 to staging ", "deploy web 1.4.2 to production "]],
    ["deploy web 1.4.2 to p", ["deploy web 1.4.2 to production "]],
    ["deploy web 1.4.2 prod", ["deploy web 1.4.2 to production "]],
    ["deploy web 1.4.2 environment=p", ["deploy web 1.4.2 environment=production "]],
    ["deploy web 1.4.2 --env p", ["deploy web 1.4.2 --env production "]],
    ["deploy --env=production w", ["deploy --env=production web "]],
    ["deploy web 1.4.2 to production ", []],
    ["logs web e", ["logs web error "]],
    ["approve ", ["approve 41 ", "approve 40 "]],
    ["approve 41 ", ["approve 41 9f2c41ab "]],
    ["approve 40 ", []],
    ["dance ", []],
  ])("%j", async (text, offers) => {
    expect(await taken(text)).toEqual(offers);
  });
});

test("the sentence below says where one is and what is still to come", async () => {
  const { usage, summary } = await complete("deploy web ", knows);
  expect(usage.map(({ text, is }) => `${text} ${is}`)).toEqual([
    "deploy done",
    "web done",
    "<version> now",
    "to <environment> later",
  ]);
  expect(summary).toBe("Makes a version the one that runs.");
});

test("choices know what was typed before them", async () => {
  asked.length = 0;
  await complete("deploy web ", knows);
  expect(asked).toEqual([{ service: "web" }]);
});

test("a look that is refused takes the hints away, never the typing", async () => {
  const refused: Knows = { ...knows, look: () => Promise.reject(new Refusal("no")) };
  expect(await complete("deploy ", refused)).toMatchObject({
    items: [],
    usage: [{ text: "deploy" }, {}, {}, {}],
  });
});
